"""Writing of files that are complete or do not exist. This module imports no library."""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PART = ".part-"
"""Beginning of the names of files that are not complete yet."""


def write_atomically(path: Path, save: Callable[[Path], object]) -> None:
    """Write a file with `save`, so that a reader never sees half of it, even after a power cut.

    `save` writes to a temporary file in the same directory, which is then renamed to `path`. Each
    call has a temporary file of its own, so two writers do not disturb each other. It is removed if
    the write fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{PART}{os.getpid()}-{secrets.token_hex(4)}-{path.name}")
    try:
        save(part)
        _sync(part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    # Not every file system can sync a directory.
    with suppress(OSError):
        _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until the disk has the content of a file, or the names in a directory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def destination(path: Path) -> Path:
    """Return the path to which a temporary file is renamed, and any other path as it is."""
    name = re.sub(rf"^{re.escape(PART)}([0-9]+-[0-9a-f]+-)?", "", path.name)
    return path.with_name(name)


def remove_parts(folder: Path) -> None:
    """Remove the temporary files of writers that were killed, in a folder and all below it."""
    for part in folder.rglob(f"{PART}*"):
        part.unlink(missing_ok=True)
