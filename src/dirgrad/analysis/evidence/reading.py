"""Reading of evidence from rows of tables: facets, ratios of rows, and exponents of power laws.

A table that is absent or lacks a column gives no evidence, and neither does a row whose status is
not `ok`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles, with_interval
from dirgrad.analysis.facets import describe
from dirgrad.analysis.table_columns import add_derived
from dirgrad.analysis.verdicts import Evidence
from dirgrad.core.errors import UserError
from dirgrad.records.statuses import measured

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""Tables by name, which is their file name without the suffix."""
Row: TypeAlias = "pd.Series[Any]"
UNDER = "_under"
"""Suffix of the columns of a denominator."""
FACET_NAMES = {"backend": "framework", "learning_rate": "rate"}
"""Columns whose facet has another name."""


def read_table(tables: Tables, name: str, *columns: str) -> pd.DataFrame:
    """Return a table with its derived columns; no rows if it is absent or lacks one of `columns`.

    Rows that were not measured are left out.

    Args:
        tables: Tables by name.
        name: Name of the table.
        *columns: Columns that the caller reads.
    """
    if name in tables:
        table = add_derived(name, tables[name])
        if {*columns} <= {*table.columns}:
            return measured(table)
    return pd.DataFrame(columns=list(dict.fromkeys(columns)))


def rows_with_facets(
    rows: pd.DataFrame,
    by: Sequence[str],
    keys: Sequence[str],
) -> Iterator[tuple[dict[str, Any], Row]]:
    """Yield the rows of a table, each with its facets, which no other row has.

    Args:
        rows: Rows of a table.
        by: Columns of the facets; a column that is null in every row is left out.
        keys: Columns that are added, one after another, as long as two rows have equal facets.

    Raises:
        UserError: Two rows have equal facets nevertheless.
    """
    names = distinguishing_columns(rows, by, keys)
    repeated = rows[rows.duplicated(names)]
    if len(repeated):
        text = describe(_facets(repeated.iloc[0], names))
        raise UserError(f"the table has several rows at {text}")
    for _, row in rows.iterrows():
        yield _facets(row, names), row


def distinguishing_columns(
    rows: pd.DataFrame,
    by: Sequence[str],
    keys: Sequence[str],
) -> list[str]:
    """Return `by` with as many of `keys` as are needed to tell the rows apart.

    The result does not depend on the order of the rows.
    """
    names = [name for name in by if rows[name].notna().any()]
    for key in (name for name in keys if name in rows):
        n_groups = len(rows[names].drop_duplicates())
        if n_groups < len(rows) and len(rows[[*names, key]].drop_duplicates()) > n_groups:
            names.append(key)
    return names


def facet_groups(
    rows: pd.DataFrame,
    by: Sequence[str],
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield groups of rows that agree in the columns `by`, each with its facets."""
    if len(rows):
        for _, group in rows.groupby(list(by), sort=False, dropna=False):
            yield _facets(group.iloc[0], by), group


def _facets(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {FACET_NAMES.get(name, name): plain(row[name]) for name in names}


def plain(value: Any) -> str | int | float:
    """Return a table cell as a Python string or number; null is the string `none`."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "none"
    return int(value) if float(value).is_integer() else float(value)


def is_known(row: Row, name: str) -> bool:
    """Return whether a row has a value in the column `name`."""
    value: Any = row.get(name)
    return not pd.isna(value)


def row_pairs(over: pd.DataFrame, under: pd.DataFrame, match: Sequence[str]) -> pd.DataFrame:
    """Pair each row of `over` with each row of `under` that agrees with it in the columns `match`.

    A row is not paired with itself. The columns of `under` except `match` get the suffix `_under`.
    """
    pairs = over.assign(row=over.index).merge(
        under.assign(row=under.index), on=list(match), suffixes=("", UNDER)
    )
    return pairs[pairs["row"] != pairs[f"row{UNDER}"]]


def value_of_row(facets: Mapping[str, Any], row: Row, roles: ColumnRoles, name: str) -> Evidence:
    """Return the column `name` of a row: a mean with its interval, or a count."""
    if name not in roles.sampled:
        return counted_evidence(
            facets, row[name], *(row[end] for end in roles.bounds.get(name, ()))
        )
    value, low, high = with_interval(name)
    return Evidence(
        facets=dict(facets),
        value=float(row[value]),
        low=float(row[low]),
        high=float(row[high]),
        n=int(row[roles.n]) if pd.notna(row[roles.n]) else 0,
        logarithmic=name in roles.ratios,
    )


def ratio_of_pair(facets: Mapping[str, Any], pair: Row, roles: ColumnRoles, name: str) -> Evidence:
    """Return the ratio of the column `name` in a pair of rows.

    The errors of means are taken as independent, and the ratio has the smaller of the two sample
    sizes. Hard bounds of counts give hard bounds of the ratio.
    """
    value = pair[name] / pair[name + UNDER]
    if name not in roles.sampled:
        low, high = roles.bounds.get(name, ("", ""))
        bounds = (pair[low] / pair[high + UNDER], pair[high] / pair[low + UNDER]) if low else ()
        return counted_evidence(facets, value, *bounds)
    width = np.hypot(half_width(pair, name), half_width(pair, name, UNDER))
    return Evidence(
        facets=dict(facets),
        value=value,
        low=value * np.exp(-width),
        high=value * np.exp(width),
        n=int(min(pair[roles.n], pair[roles.n + UNDER])),
        logarithmic=True,
    )


def half_width(row: Row, name: str, suffix: str = "") -> float:
    """Return half the width of a row's interval, on a logarithmic scale.

    Intervals of one confidence level have half-widths proportional to their standard errors, so
    half-widths of independent values add in quadrature.
    """
    _, low, high = with_interval(name)
    return float(np.log(float(row[high + suffix]) / float(row[low + suffix]))) / 2


def fitted_exponent(
    facets: Mapping[str, Any],
    group: pd.DataFrame,
    x: str,
    y: str,
    count: str,
) -> Iterator[Evidence]:
    """Yield the exponent p of y = c x^p, by weighted least squares on logarithms.

    Args:
        facets: Where the exponent was measured.
        group: Rows to fit; rows whose y is not significantly positive are left out. Three distinct
            abscissas are needed.
        x: Column of the abscissas.
        y: Column of the values, with their intervals.
        count: Column of the sample size; the exponent has the smallest.
    """
    positive = group[(group[[*with_interval(y)]] > 0).all(axis=1)]
    if positive[x].nunique() < 3:
        return
    widths = [half_width(row, y) for _, row in positive.iterrows()]
    log_x, log_y = (np.log(positive[name].to_numpy(float)) for name in (x, y))
    weights = 1 / np.maximum(widths, 1e-12)
    (value, _), covariance = np.polyfit(log_x, log_y, 1, w=weights, cov="unscaled")
    half = np.sqrt(covariance[0, 0])
    yield symmetric_evidence(facets, value, half, int(positive[count].min()))


def last_exponent(
    facets: Mapping[str, Any],
    group: pd.DataFrame,
    x: str,
    y: str,
) -> Iterator[Evidence]:
    """Yield the exponent p of y = c x^p through the positive counts with the two largest x.

    Raises:
        UserError: Two rows have one of these x.
    """
    positive = group[(group[x] > 0) & (group[y] > 0)].sort_values(x)
    largest = positive[x].drop_duplicates().tail(2)
    if len(largest) < 2:
        return
    last = positive[positive[x].isin(largest)]
    if len(last) > 2:
        raise UserError(
            f"several rows at {describe(facets)} have the same {x}: add a column to `by`"
        )
    x0, x1 = last[x].to_numpy(float)
    y0, y1 = last[y].to_numpy(float)
    yield counted_evidence(facets, np.log(y1 / y0) / np.log(x1 / x0))


def symmetric_evidence(facets: Mapping[str, Any], value: float, half: float, n: int) -> Evidence:
    """Return a value with the interval value - half to value + half."""
    low, high = float(value - half), float(value + half)
    return Evidence(facets=dict(facets), value=float(value), low=low, high=high, n=n)


def counted_evidence(
    facets: Mapping[str, Any],
    value: float,
    low: float = np.nan,
    high: float = np.nan,
) -> Evidence:
    """Return a value that was counted, or that certainly lies between `low` and `high`."""
    return Evidence(dict(facets), float(value), float(low), float(high), counted=True)
