"""Archive of a pack: equal files give equal bytes."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from dirgrad.records.atomic import write_atomically

FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""Date of every file in an archive, the earliest that the format knows."""
PERMISSIONS = 0o644 << 16
UNIX = 3
"""Number of the system for which the permissions are meant."""


def write(path: Path, contents: Mapping[str, bytes]) -> None:
    """Write a zip file atomically.

    Args:
        path: The zip file.
        contents: Contents by the name of the file.
    """

    def save(part: Path) -> None:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted(contents):
                archive.writestr(_entry(name), contents[name], zipfile.ZIP_DEFLATED, 6)

    write_atomically(path, save)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, FIRST_DATE)
    entry.external_attr = PERMISSIONS
    entry.create_system = UNIX
    return entry
