"""Helpers that read the evidence for claims from tables.

Each kind of table has a module, and each quantity a function from tables to measured values with
their intervals and facets. A table that is absent or lacks a column gives no evidence.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.verdicts import Evidence

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""Tables by name, which is their file name without the suffix."""
Where: TypeAlias = Mapping[str, Sequence[Any]]
"""The table rows that a claim selects: allowed values by column."""
Reader: TypeAlias = Callable[[Tables, Where], Iterator[Evidence]]
"""Reads the evidence for a claim from tables, for the rows that the claim selects."""
FRAMEWORK = {"backend": "framework"}
"""Columns whose facet has another name."""


class Quantity(NamedTuple):
    """A quantity that a claim can name.

    Attributes:
        evidence: Reads the measured values from tables.
        tables: Names of the tables that it reads.
        selectable: Columns by which a claim may select rows.
        timed: Whether the quantity involves seconds, which differ between machines.
        logarithmic: Whether it is a ratio, which is compared on a logarithmic scale.
    """

    evidence: Reader
    tables: tuple[str, ...]
    selectable: tuple[str, ...] = ()
    timed: bool = False
    logarithmic: bool = False


def with_interval(name: str) -> tuple[str, str, str]:
    """Return the names of a column and of the ends of its interval."""
    return name, f"{name}_low", f"{name}_high"


def select_rows(tables: Tables, name: str, where: Where, *columns: str) -> pd.DataFrame:
    """Return the rows of a table that a claim selects.

    Args:
        tables: Tables by name.
        name: Name of the table.
        where: Selected values by column; columns that the table does not have are ignored.
        *columns: Columns that the caller reads.

    Returns:
        The selected rows; no rows if the table is absent or lacks one of `columns`.
    """
    table = tables.get(name)
    if table is None or not {*columns} <= {*table.columns}:
        distinct = dict.fromkeys(("backend", *columns))
        return pd.DataFrame(columns=list(distinct))
    for column, values in where.items():
        if column in table:
            table = table[table[column].isin(values)]
    return table


def facet_groups(
    table: pd.DataFrame,
    by: Sequence[str],
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield groups of rows that agree in the columns `by`, each with its facets."""
    if not len(table):
        return
    names = [FRAMEWORK.get(name, name) for name in by]
    for key, group in table.groupby(list(by), sort=False):
        yield dict(zip(names, map(_plain, key), strict=True)), group


def _plain(value: Any) -> str | int | float:
    """Return a table cell as a Python string or number."""
    if isinstance(value, str):
        return value
    return int(value) if float(value).is_integer() else float(value)


def column(
    table: str,
    name: str,
    by: Sequence[str],
    count: str = "n",
    logarithmic: bool = True,
    timed: bool = False,
) -> Quantity:
    """Return the quantity that is a table column with its interval.

    Args:
        table: Name of the table.
        name: Column of the values; two more columns hold the ends of the interval.
        by: Columns of the facets, by which a claim may select rows.
        count: Column of the sample size.
        logarithmic: Whether the values are ratios.
        timed: Whether the values involve seconds.
    """
    columns = (*by, *with_interval(name), count)

    def read_column(tables: Tables, where: Where) -> Iterator[Evidence]:
        rows = select_rows(tables, table, where, *columns)
        if len(rows):
            rows = rows[rows[name].notna()]
        for facets, group in facet_groups(rows, by):
            yield evidence_from_row(facets, group.iloc[0], name, count, logarithmic)

    return Quantity(
        evidence=read_column,
        tables=(table,),
        selectable=tuple(by),
        timed=timed,
        logarithmic=logarithmic,
    )


def evidence_from_row(
    facets: Mapping[str, Any],
    row: "pd.Series[Any]",
    name: str,
    count: str,
    logarithmic: bool,
) -> Evidence:
    """Return the column `name` of a row with its interval; `count` is the sample size's column."""
    value, low, high = with_interval(name)
    return Evidence(
        facets=dict(facets),
        value=float(row[value]),
        low=float(row[low]),
        high=float(row[high]),
        n=int(row[count]) if pd.notna(row[count]) else 0,
        logarithmic=logarithmic,
    )


def half_width(row: "pd.Series[Any]", name: str, logarithmic: bool = True) -> float:
    """Return half the width of a row's interval, on a logarithmic scale by default.

    Intervals of one confidence level have half-widths proportional to their standard errors, so
    half-widths of independent values add in quadrature.
    """
    low = float(row[f"{name}_low"])
    high = float(row[f"{name}_high"])
    width = np.log(high / low) if logarithmic else high - low
    return float(width) / 2


def by_name(group: pd.DataFrame, column: str) -> dict[str, "pd.Series[Any]"]:
    """Return the first row for each value of a column, by that value."""
    first_rows = group.drop_duplicates(column)
    return {str(row[column]): row for _, row in first_rows.iterrows()}


def ratio_of_rows(
    facets: Mapping[str, Any],
    over: "pd.Series[Any]",
    under: "pd.Series[Any]",
    name: str,
    count: str = "n",
) -> Evidence:
    """Return the ratio of the values of two rows, whose errors are taken as independent.

    Args:
        facets: Where the ratio was measured.
        over: Row of the numerator.
        under: Row of the denominator.
        name: Column of the values.
        count: Column of the sample size; the ratio has the smaller of the two.
    """
    value = over[name] / under[name]
    width = np.hypot(half_width(over, name), half_width(under, name))
    return Evidence(
        facets=dict(facets),
        value=value,
        low=value * np.exp(-width),
        high=value * np.exp(width),
        n=int(min(over[count], under[count])),
        logarithmic=True,
    )


def symmetric_evidence(
    facets: Mapping[str, Any],
    value: float,
    half: float,
    n: int,
) -> Evidence:
    """Return a value with the interval value - half to value + half."""
    return Evidence(
        facets=dict(facets),
        value=float(value),
        low=float(value - half),
        high=float(value + half),
        n=n,
    )


def fitted_slope(
    facets: Mapping[str, Any],
    x: np.ndarray,
    y: np.ndarray,
    half_widths: np.ndarray,
    n: int,
) -> Evidence | None:
    """Fit a line by weighted least squares and return its slope.

    Args:
        facets: Where the slope was measured.
        x: Abscissas, (m,).
        y: Values, (m,).
        half_widths: Half-widths of the intervals of the values, (m,).
        n: Smallest sample size of any point.

    Returns:
        The slope with its interval; None if there are fewer than three distinct abscissas.
    """
    if len(np.unique(x)) < 3:
        return None
    weights = 1 / np.maximum(half_widths, 1e-12) ** 2
    centered = x - np.average(x, weights=weights)
    spread = (weights * centered**2).sum()
    value = (weights * centered * y).sum() / spread
    return symmetric_evidence(facets, value, 1 / np.sqrt(spread), n)


def exponent(
    facets: Mapping[str, Any],
    group: pd.DataFrame,
    x: str,
    y: str,
    count: str,
    reciprocal: bool = False,
) -> Iterator[Evidence]:
    """Yield the exponent p of the power law y = c x^p, fitted on logarithms.

    Args:
        facets: Where the exponent was measured.
        group: Rows to fit; rows are left out unless y and its lower end are positive.
        x: Column of the abscissas.
        y: Column of the values.
        count: Column of the sample size.
        reciprocal: Whether to fit 1/y instead of y.
    """
    positive = group[(group[y] > 0) & (group[f"{y}_low"] > 0)]
    if not len(positive):
        return
    widths = np.array([half_width(row, y) for _, row in positive.iterrows()])
    log_x = np.log(positive[x].to_numpy(float))
    log_y = np.log(positive[y].to_numpy(float))
    sign = -1.0 if reciprocal else 1.0
    n = int(positive[count].min())
    evidence = fitted_slope(facets, log_x, sign * log_y, widths, n)
    if evidence:
        yield evidence


def counted_evidence(
    facets: Mapping[str, Any],
    value: float,
    low: float = float("nan"),
    high: float = float("nan"),
) -> Evidence:
    """Return a value that was counted, or that certainly lies between `low` and `high`."""
    return Evidence(
        facets=dict(facets),
        value=float(value),
        low=float(low),
        high=float(high),
        counted=True,
    )
