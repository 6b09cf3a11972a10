"""Helpers that all tables share: the type of the records, and columns with an interval."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles, values_column, with_interval
from dirgrad.analysis.intervals import inter_quartile_mean, summarize
from dirgrad.analysis.samples import Samples, exact_samples, format_samples
from dirgrad.config.settings import Statistics

Records: TypeAlias = Mapping[str, pd.DataFrame]
"""Rows by the kind of the records: trials, curves, cost, memory, draws, ... (see `SCHEMAS`)."""
PRECISION = 0.1
"""Largest distance between the bounds of an effort or a ratio, relative to the lower one."""


def columns(name: str, values: np.ndarray, settings: Statistics) -> dict[str, np.ndarray]:
    """Return the inter-quartile mean of `values` and its bootstrap interval.

    Args:
        name: Prefix of the columns.
        values: Finite numbers, (..., n).
        settings: Confidence, resamples and seed of the bootstrap.

    Returns:
        Arrays (...) with the keys `name`, `name_low` and `name_high`.
    """
    return dict(zip(with_interval(name), summarize(values, settings), strict=True))


def raw_values(name: str, samples: Samples) -> dict[str, Any]:
    """Return the column `name_values`, the text of the samples, which is null without samples."""
    return {values_column(name): format_samples(samples) or np.nan}


def scalars(name: str, values: "pd.Series[Any]", settings: Statistics) -> dict[str, Any]:
    """Return the columns of a mean: the mean, its interval, and the raw values.

    Args:
        name: Prefix of the columns.
        values: One number per sample, (n,); the index holds the seeds or rounds, by which claims
            pair estimators. Nulls are left out.
        settings: Confidence, resamples and seed of the bootstrap.

    Returns:
        Numbers with the keys `name`, `name_low` and `name_high`, and a text with the key
        `name_values` (see `dirgrad.analysis.samples`), which is null without samples.
    """
    samples = exact_samples(values)
    return _mean(name, samples.low, settings) | raw_values(name, samples)


def mean_of_exact(name: str, samples: Samples, settings: Statistics) -> dict[str, Any]:
    """Return the columns of `scalars`; the mean is null if a sample lies between two bounds."""
    exact = samples.low if samples.is_exact else samples.low[:0]
    return _mean(name, exact, settings) | raw_values(name, samples)


def bracketed(
    name: str, samples: Samples, widest: np.ndarray | float, settings: Statistics
) -> dict[str, Any]:
    """Return the columns of a mean whose samples lie between two bounds.

    Args:
        name: Prefix of the columns.
        samples: Samples with their bounds, such as steps between two record points.
        widest: Largest distance between the bounds of a sample that counts as a number, (n,) or ().
        settings: Confidence, resamples and seed of the bootstrap.

    Returns:
        The columns of `scalars`, and the means of the lower and of the upper bounds with the keys
        `name_from` and `name_to`. The mean and its interval are null if the bounds of a sample are
        further apart than `widest`. `name_to` is null if a sample has no upper bound.
    """
    # Two infinite bounds have neither a middle nor a distance.
    with np.errstate(invalid="ignore"):
        middle = (samples.low + samples.high) / 2
        is_precise = bool((samples.high - samples.low <= widest).all())
    precise = middle if is_precise else middle[:0]
    row = _mean(name, precise, settings)
    for end, bound in (("from", samples.low), ("to", samples.high)):
        is_bound = samples.n > 0 and bool(np.isfinite(bound).all())
        row[f"{name}_{end}"] = float(inter_quartile_mean(bound)) if is_bound else np.nan
    return row | raw_values(name, samples)


def bracketed_ratio(name: str, samples: Samples, settings: Statistics) -> dict[str, Any]:
    """Return the columns of `bracketed`, for bounds at most 10 % of the lower one apart."""
    return bracketed(name, samples, PRECISION * np.abs(samples.low), settings)


def _mean(name: str, values: np.ndarray, settings: Statistics) -> dict[str, Any]:
    """Return the columns of `columns` as numbers, for one sample of values, (n,)."""
    return {key: float(value) for key, value in columns(name, values, settings).items()}


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
