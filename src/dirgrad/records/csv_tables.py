"""Read the CSV files of tables. Names stay text, also where they look like a number or a null."""

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from dirgrad.core.errors import UserError
from dirgrad.records import damage
from dirgrad.records.columns import STRING
from dirgrad.records.schemas import SCHEMAS

TEXT_COLUMNS = frozenset(
    {
        *(column.name for schema in SCHEMAS.values() for column in schema if column.type == STRING),
        *("abscissa", "dtype", "figure", "id", "quantity", "tier"),
    }
)
"""Columns of names and other texts in all tables.

An estimator may be called `nan`, `inf` or `true`, which pandas would read as another type.
"""
NUMBER_COLUMNS = frozenset(
    {
        *(column.name for schema in SCHEMAS.values() for column in schema if column.type != STRING),
        *("best_rate", "measured", "low", "high", "lowest", "highest", "p_value"),
        *("holds", "fails", "open"),
    }
)
"""Columns of numbers and truth values in all tables."""
NUMBER_ENDS = ("_low", "_high", "_from", "_to", "_over_backprop", "_theory")
"""Ends of the names of further columns of numbers."""


def read_table(path: Path) -> pd.DataFrame:
    """Return a table from its CSV file. An empty cell is null, in a column of text too.

    Raises:
        UserError: The file is empty, cut off, or no CSV file.
        OSError: The system cannot read the file.
    """
    with damage.named(path):
        content = path.read_text(encoding="utf-8")
        names = next(csv.reader(content.splitlines()[:1]), [])
    if not names:
        raise UserError(f"{path}: the file is empty: {damage.REMEDY}")
    # Every table ends with a line break.
    if not content.endswith("\n"):
        raise UserError(f"{path}: the file is cut off in its last line: {damage.REMEDY}")
    types = {name: str for name in names if name in TEXT_COLUMNS}
    with damage.named(path):
        table = pd.read_csv(path, dtype=types, na_values=[""], keep_default_na=False)
        if not isinstance(table.index, pd.RangeIndex):
            raise ValueError("a row has more cells than the header")
        for name in table.columns:
            if name in NUMBER_COLUMNS or name.endswith(NUMBER_ENDS):
                _require_numbers(table[name])
    return table


def _require_numbers(column: "pd.Series[Any]") -> None:
    """Raise ValueError if a cell is neither empty nor a number nor a truth value."""
    if pd.api.types.is_numeric_dtype(column):
        return
    texts = column.dropna().astype(str)
    numbers = pd.to_numeric(texts, errors="coerce")
    wrong = texts[numbers.isna() & ~texts.isin(["True", "False"])]
    if len(wrong):
        raise ValueError(f"column '{column.name}' has no number but {wrong.iloc[0]!r}")
