"""Files of a data set: from a directory the user names, else from public mirrors; their uncompressed bytes verified."""

import gzip
import hashlib
import os
import zlib
from pathlib import Path

import pooch

from dirgrad.core.errors import UserError

VARIABLE = "DIRGRAD_DATA"
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
ADVICE = f"put the four MNIST idx files (plain or .gz) into one directory and name it by `data_directory` or {VARIABLE}"


def directory_of(configured: str | None) -> Path | None:
    """The directory that the configuration or else the environment names; None where neither does."""
    named = configured or os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else None


def verified(name: str, md5: str, configured: str | None) -> bytes:
    """The uncompressed bytes of a file. Raises UserError, naming the file, where it is missing, unreadable or not the one."""
    directory = directory_of(configured)
    path = _local(directory, name) if directory else _downloaded(name, md5)
    content = _read(path)
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        is_wrong = f"is not the original ({len(content)} uncompressed bytes with md5 {found}, expected md5 {md5})"
        raise UserError(f"{path}: the file {is_wrong}: replace it, or {ADVICE}")
    return content


def _local(directory: Path, name: str) -> Path:
    for path in (directory / f"{name}.gz", directory / name):
        if path.is_file():
            return path
    raise UserError(f"{directory / name}.gz: no such file: {ADVICE}")


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"{path}: the file is truncated or corrupt ({error}): replace it, or {ADVICE}"
        ) from error


def _downloaded(name: str, md5: str) -> Path:
    """The file in the user's cache, fetched with a progress bar where it is not there; each mirror is tried in turn."""
    cache = Path(pooch.os_cache("dirgrad")) / "mnist"
    if (cache / name).is_file():
        return cache / name
    reasons = []
    for mirror in MIRRORS:
        try:
            unpack = pooch.Decompress(method="gzip", name=name)
            # The gzip wrappers differ between mirrors; what is verified is the content, by the caller and here.
            fetched = pooch.retrieve(
                f"{mirror}{name}.gz", None, f"{name}.gz", cache, processor=unpack, progressbar=True
            )
            if pooch.file_hash(fetched, "md5") == md5:
                return Path(fetched)
            reasons.append(f"{mirror}: wrong checksum")
        except (OSError, EOFError, ValueError, zlib.error) as error:
            reasons.append(f"{mirror}: {type(error).__name__}")
        for left in (cache / name, cache / f"{name}.gz"):
            left.unlink(missing_ok=True)
    raise UserError(f"{name}: could not be downloaded ({'; '.join(reasons)}): {ADVICE}")
