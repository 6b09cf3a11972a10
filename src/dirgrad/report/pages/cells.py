"""From the rows of a table to cells for reading: three digits, a value and its interval in one, what all rows share apart."""

from typing import NamedTuple

import numpy as np
import pandas as pd

DIGITS = 3


class Readable(NamedTuple):
    """columns: what differs between the rows, as text. shared: what does not, by the name of its column."""

    columns: pd.DataFrame
    shared: dict[str, str]


def readable(table: pd.DataFrame) -> Readable:
    """`x`, `x_low` and `x_high` become one column `x`, as `value [low, high]`; columns without any value are left out."""
    names = set(table.columns)
    ends = {
        f"{name}{end}"
        for name in names
        for end in ("_low", "_high")
        if {f"{name}_low", f"{name}_high"} <= names
    }
    kept = [name for name in table.columns if name not in ends and table[name].notna().any()]
    made = pd.DataFrame({name: with_interval(table, name) for name in kept}, index=table.index)
    shared = {
        name: str(made[name].iloc[0])
        for name in kept
        if len(made) > 1 and made[name].nunique() == 1
    }
    return Readable(made.drop(columns=list(shared)), shared)


def with_interval(
    table: pd.DataFrame, name: str, low: str | None = None, high: str | None = None
) -> list[str]:
    """A column as text, with its interval where it has one. low, high: its ends, if not NAME_low and NAME_high."""
    values = text(table[name])
    ends = (low or f"{name}_low", high or f"{name}_high")
    if not set(ends) <= set(table.columns):
        return values
    bounds = zip(*(text(table[end]) for end in ends), strict=True)
    return [
        f"{value} [{low}, {high}]" if low and high else value
        for value, (low, high) in zip(values, bounds, strict=True)
    ]


def text(column: pd.Series) -> list[str]:
    """Values as text: counts in full, other numbers to three significant digits, what is missing as nothing."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return [
            "" if missing else str(value)
            for value, missing in zip(column, column.isna(), strict=True)
        ]
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    finite = numbers[np.isfinite(numbers)]
    whole = (finite == np.round(finite)).all() and (np.abs(finite) < 1e15).all()
    return [
        "" if np.isnan(value) else f"{value:.0f}" if whole else number(value) for value in numbers
    ]


def number(value: float) -> str:
    """To three significant digits: 1090, not 1.09e+03."""
    return f"{float(f'{value:.{DIGITS}g}'):g}"
