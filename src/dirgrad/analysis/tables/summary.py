"""Helpers that all tables share: the type of the records, and columns with an interval."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.intervals import summarize
from dirgrad.config.settings import Statistics

Records: TypeAlias = Mapping[str, pd.DataFrame]
"""Rows by the kind of the records: trials, curves, cost, memory, draws, ... (see `SCHEMAS`)."""


def columns(name: str, values: np.ndarray, settings: Statistics) -> dict[str, np.ndarray]:
    """Return the inter-quartile mean of `values` and its bootstrap interval.

    Args:
        name: Prefix of the columns.
        values: Finite numbers, (..., n).
        settings: Confidence, resamples and seed of the bootstrap.

    Returns:
        Arrays (...) with the keys `name`, `name_low` and `name_high`.
    """
    names = (name, f"{name}_low", f"{name}_high")
    return dict(zip(names, summarize(values, settings), strict=True))


def scalars(name: str, values: np.ndarray, settings: Statistics) -> dict[str, float]:
    """Return the columns of `columns` as numbers, for one sample of `values`, (n,)."""
    summary = columns(name, values, settings)
    return {key: float(value) for key, value in summary.items()}


def summarize_groups(
    rows: pd.DataFrame,
    keys: Sequence[str],
    summary: Callable[[pd.DataFrame], Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Return one row per group of rows that agree in the columns `keys`.

    A row has the values of `keys`, and then the columns that `summary` returns for its group. The
    rows are in order of appearance. Null counts as a value of a key.
    """
    table: list[dict[str, Any]] = []
    for key, group in rows.groupby([*keys], sort=False, dropna=False):
        row = dict(zip(keys, key, strict=True))
        row.update(summary(group))
        table.append(row)
    return table


def with_all_columns(rows: Sequence[Mapping[str, Any]], roles: ColumnRoles) -> pd.DataFrame:
    """Return rows as a table with every declared column; a column without a value is null."""
    table = pd.DataFrame(rows)
    absent = [name for name in roles.file_columns() if name not in table]
    return table.reindex(columns=[*table.columns, *absent])
