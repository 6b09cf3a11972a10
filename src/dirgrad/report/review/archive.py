"""Archive of a pack: equal files give equal bytes."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from dirgrad.records.atomic import write_atomically

FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""Date of every file in an archive, the earliest that the format knows."""
PERMISSIONS = 0o100644 << 16
FOLDER_PERMISSIONS = 0o40755 << 16
UNIX = 3
"""Number of the system for which the permissions are meant."""


def write(path: Path, contents: Mapping[str, bytes]) -> None:
    """Write a zip file atomically.

    Args:
        path: The zip file.
        contents: Contents by the name of the file. Each folder has an entry of its own too, because
            the metadata of a pack may describe a folder.
    """

    def save(part: Path) -> None:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted({*_folders(contents), *contents}):
                archive.writestr(_entry(name), contents.get(name, b""), zipfile.ZIP_DEFLATED, 6)

    write_atomically(path, save)


def _folders(names: Iterable[str]) -> set[str]:
    """Return the folders of files, each with a slash at its end."""
    return {f"{folder}/" for name in names for folder in PurePosixPath(name).parents} - {"./"}


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, FIRST_DATE)
    entry.external_attr = FOLDER_PERMISSIONS if name.endswith("/") else PERMISSIONS
    entry.create_system = UNIX
    return entry
