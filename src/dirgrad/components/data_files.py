"""Files of data sets in a local directory."""

import os
from collections.abc import Iterable
from pathlib import Path

from dirgrad.core.errors import UserError
from dirgrad.core.types import Dataset

DATA_VARIABLE = "DIRGRAD_DATA"
ADVICE = (
    "put the four MNIST idx files (plain or .gz) into one directory "
    f"and set `data_directory` or {DATA_VARIABLE} to its path"
)


def data_directory(configured: str | None) -> Path | None:
    """Return the configured data directory, or else the one in the environment, or else None.

    Raises:
        UserError: The directory begins with `~`, and the user has no home directory.
    """
    directory = configured or os.environ.get(DATA_VARIABLE)
    return below_home(Path(directory)) if directory else None


def below_home(path: Path) -> Path:
    """Return a path with the home directory of the user for `~`.

    Raises:
        UserError: The user has no home directory.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise UserError(f"{path}: the user has no home directory: {ADVICE}") from None


def find_local(directory: Path, name: str) -> list[Path]:
    """Return the copies of a file in a directory; there is at least one.

    A copy may be compressed, may lie in `MNIST/raw`, where torchvision puts it, and may have a dot
    in its name, as in `train-images.idx3-ubyte`.

    Args:
        directory: Directory of the data.
        name: File name without `.gz`.

    Raises:
        UserError: The directory has no such file. The message names it.
    """
    stem, dash, ending = name.rpartition("-idx")
    dotted = f"{stem}.idx{ending}" if dash else name
    folders = (directory, directory / "MNIST" / "raw")
    names = dict.fromkeys((f"{name}.gz", name, f"{dotted}.gz", dotted))
    paths = [folder / file for folder in folders for file in names if (folder / file).is_file()]
    if paths:
        return paths
    raise UserError(f"{directory / name}.gz: no such file: {ADVICE}")


def require_local_files(datasets: Iterable[Dataset | None], configured: str | None) -> None:
    """Check that the data directory, if there is one, has every file of these data sets.

    Args:
        datasets: Data sets; None stands for a problem without data.
        configured: Data directory from the configuration. If neither it nor the environment names
            a directory, the files are downloaded, and nothing is checked.

    Raises:
        UserError: A file is missing. The message names it.
    """
    directory = data_directory(configured)
    if directory is None:
        return
    for dataset in datasets:
        for name in dataset.files if dataset else ():
            find_local(directory, name)
