"""Damage of a file of results: one sentence that names the file and says how to make it again."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from dirgrad.core.errors import UserError, one_line

REMEDY = "delete it and run again"
"""Advice for a file that a run writes; the next run makes it again."""


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Turn the errors of reading a damaged file into an error that names the file.

    An error of the system, such as a missing file or a lack of rights, is raised as it is.

    Raises:
        UserError: The file is damaged.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OSError) as error:
        # Arrow reports damage as an OSError too, without the number of a system error.
        if isinstance(error, OSError) and error.errno is not None:
            if error.filename is None:
                # Arrow writes the name into a text of its own.
                raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
            raise
        reason = one_line(error)[:200]
        raise UserError(f"{path}: the file is damaged ({reason}): {REMEDY}") from error


def require_columns(path: Path, present: Iterable[str], required: Iterable[str]) -> None:
    """Check that a file has the columns without which its rows mean nothing.

    Args:
        path: The file.
        present: Columns of the file.
        required: Columns that it must have.

    Raises:
        UserError: A column is missing.
    """
    existing = {*present}
    absent = [name for name in required if name not in existing]
    if absent:
        raise UserError(
            f"{path}: column '{absent[0]}' is missing, so the file is damaged or of another "
            f"version: {REMEDY}"
        )


@contextmanager
def missing_column_named(paths: Iterable[Path]) -> Iterator[None]:
    """Turn the error about a column that a table lacks into an error that names the files.

    Args:
        paths: Files of the tables that are read inside the context; without any, an error is raised
            as it is.

    Raises:
        UserError: A column is missing.
    """
    try:
        yield
    except KeyError as error:
        files = ", ".join(map(str, paths))
        if not files:
            raise
        raise UserError(f"{files}: column {error} is missing: {REMEDY}") from error


def require_writable(directory: Path) -> None:
    """Create a directory, and check that a file can be written there.

    A job is refused before it begins, because its results would be lost at its end.

    Raises:
        UserError: The directory cannot be created, or no file can be written there.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=directory) as file:
            file.write(b"0")
    except OSError as error:
        reason = error.strerror or error
        message = f"{directory}: results cannot be written there ({reason})"
        raise UserError(f"{message}: name another directory with --out") from error
