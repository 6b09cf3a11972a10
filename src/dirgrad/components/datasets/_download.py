"""Files of a dataset, from a local directory or from public mirrors, verified by checksum."""

import gzip
import hashlib
import zlib
from contextlib import suppress
from pathlib import Path

import pooch

from dirgrad.components.data_files import ADVICE, below_home, data_directory, find_local
from dirgrad.core.errors import UserError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


GZIP = b"\x1f\x8b"
"""First bytes of a compressed file; a browser may unpack a file and keep the suffix `.gz`."""


def read_verified(name: str, md5: str, configured: str | None) -> bytes:
    """Return the uncompressed bytes of a file.

    Args:
        name: File name without `.gz`.
        md5: Checksum of the uncompressed bytes.
        configured: Data directory from the configuration. If neither it nor the environment names
            a directory, the file is downloaded.

    Raises:
        UserError: The file is missing, unreadable or has another checksum. The message names the
            file.
    """
    directory = data_directory(configured)
    paths = find_local(directory, name) if directory else [_download(name, md5)]
    mistakes = []
    for path in paths:
        try:
            return _verified(path, md5)
        except UserError as error:
            mistakes.append(error)
    raise mistakes[0]


def _verified(path: Path, md5: str) -> bytes:
    """Return the uncompressed bytes of a file, if they have this checksum."""
    content = _read(path)
    checksum = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if checksum != md5:
        raise UserError(
            f"{path}: the file is not the original "
            f"({len(content)} uncompressed bytes with md5 {checksum}, expected md5 {md5}): "
            f"replace it, or {ADVICE}"
        )
    return content


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        is_compressed = content.startswith(GZIP)
        return gzip.decompress(content) if is_compressed else content
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"{path}: the file is truncated or corrupt ({error}): replace it, or {ADVICE}"
        ) from error


def _download(name: str, md5: str) -> Path:
    """Return the file in the user's cache; download it first if it is not there."""
    cache = below_home(Path(pooch.os_cache("dirgrad"))) / "mnist"
    if (cache / name).is_file():
        return cache / name
    reasons = []
    for mirror in MIRRORS:
        try:
            path = _fetch(mirror, name, cache)
            if pooch.file_hash(path, "md5") == md5:
                return Path(path)
            reasons.append(f"{mirror}: wrong checksum")
        except (OSError, EOFError, ValueError, zlib.error) as error:
            reasons.append(f"{mirror}: {type(error).__name__}")
        for leftover in (cache / name, cache / f"{name}.gz"):
            # The cache may be below a file.
            with suppress(OSError):
                leftover.unlink()
    raise UserError(f"{name}: could not be downloaded ({'; '.join(reasons)}): {ADVICE}")


def _fetch(mirror: str, name: str, cache: Path) -> str:
    """Download and unpack a file with a progress bar; return the path of the unpacked file."""
    # pooch gets no checksum, because the gzip headers differ between mirrors. The caller compares
    # the checksum of the unpacked content instead.
    path: str = pooch.retrieve(
        f"{mirror}{name}.gz",
        known_hash=None,
        fname=f"{name}.gz",
        path=cache,
        processor=pooch.Decompress(method="gzip", name=name),
        progressbar=True,
    )
    return path
