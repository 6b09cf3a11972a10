"""Turn the rows of a table into text cells with three significant digits and intervals."""

from typing import NamedTuple

import numpy as np
import pandas as pd

DIGITS = 3
MAX_EXACT_COUNT = 1e15
"""Limit below which a column of whole numbers is printed without an exponent."""


class Readable(NamedTuple):
    """Cells of a table as text.

    Attributes:
        columns: The columns whose values differ between rows.
        shared: The value of every other column, by column name.
    """

    columns: pd.DataFrame
    shared: dict[str, str]


def readable(table: pd.DataFrame) -> Readable:
    """Return the cells of a table as text.

    The columns `x`, `x_low` and `x_high` become one column `x` with cells `value [low, high]`.
    Raw values, in columns `x_values`, and columns without any value are dropped.
    """
    ends = _parts_of_means(set(table.columns))
    names = [name for name in table.columns if name not in ends and table[name].notna().any()]
    cells = {name: with_interval(table, name) for name in names}
    columns = pd.DataFrame(cells, index=table.index)
    shared = {
        name: str(columns[name].iloc[0])
        for name in names
        if len(columns) > 1 and columns[name].nunique() == 1
    }
    return Readable(columns.drop(columns=list(shared)), shared)


def _parts_of_means(names: set[str]) -> set[str]:
    """Return the columns of the ends of intervals and of the raw values behind means."""
    parts = set()
    for name in names:
        low_and_high = {f"{name}_low", f"{name}_high"}
        if low_and_high <= names:
            parts |= low_and_high | {f"{name}_values"}
    return parts


def with_interval(
    table: pd.DataFrame,
    name: str,
    low: str | None = None,
    high: str | None = None,
) -> list[str]:
    """Return a column as text, followed by its interval if the table has one.

    Args:
        table: The table.
        name: Column of the values.
        low: Column of the lower ends; `{name}_low` by default.
        high: Column of the upper ends; `{name}_high` by default.
    """
    values = format_column(table[name])
    low = low or f"{name}_low"
    high = high or f"{name}_high"
    if not {low, high} <= set(table.columns):
        return values
    lows = format_column(table[low])
    highs = format_column(table[high])
    return [
        f"{value} [{lower}, {upper}]" if lower and upper else value
        for value, lower, upper in zip(values, lows, highs, strict=True)
    ]


def format_column(column: pd.Series) -> list[str]:
    """Return the values of a column as text.

    Whole numbers are printed in full and other numbers with three significant digits. A missing
    value becomes an empty string.
    """
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        missing = column.isna()
        return [
            "" if is_missing else str(value)
            for value, is_missing in zip(column, missing, strict=True)
        ]
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    finite = numbers[np.isfinite(numbers)]
    is_whole = (finite == np.round(finite)).all()
    is_count = is_whole and (np.abs(finite) < MAX_EXACT_COUNT).all()
    return [_format_number(value, is_count) for value in numbers]


def _format_number(value: float, is_count: bool) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.0f}" if is_count else number(value)


def number(value: float) -> str:
    """Return a number with three significant digits: 1090, not 1.09e+03."""
    rounded = float(f"{value:.{DIGITS}g}")
    return f"{rounded:g}"
