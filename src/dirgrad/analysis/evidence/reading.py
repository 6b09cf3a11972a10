"""How the evidence about a claim is read out of the tables: a file per kind of table, a function per quantity, each from tables to
values with their intervals and places. A table that is not there, or lacks a column, has no evidence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.verdicts import Evidence

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""By name, without the suffix of their files."""
Where: TypeAlias = Mapping[str, Sequence[Any]]
"""The values of columns that a claim is about."""
FRAMEWORK = {"backend": "framework"}


class Quantity(NamedTuple):
    """What a claim is about. of: its evidence. tables: what it is read from. about: the columns that a claim may choose by.
    timed: whether seconds are in it, which differ from machine to machine."""

    evidence: Callable[[Tables, Where], Iterator[Evidence]]
    tables: tuple[str, ...]
    selectable: tuple[str, ...] = ()
    timed: bool = False
    logarithmic: bool = False


def select_rows(tables: Tables, name: str, chosen: Where, *columns: str) -> pd.DataFrame:
    """The rows of a table that a claim is about; none where the table is not there or lacks one of the columns. What is chosen by a
    column of another table is no matter here."""
    table = tables.get(name)
    if table is None or not {*columns} <= {*table.columns}:
        return pd.DataFrame(columns=list(dict.fromkeys(("backend", *columns))))
    for column, values in chosen.items():
        if column in table:
            table = table[table[column].isin(values)]
    return table


def facet_groups(
    table: pd.DataFrame, by: Sequence[str]
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Groups of rows with their place."""
    if len(table):
        for key, group in table.groupby(list(by), sort=False):
            yield (
                {
                    FRAMEWORK.get(name, name): _plain(value)
                    for name, value in zip(by, key, strict=True)
                },
                group,
            )


def _plain(value: Any) -> str | int | float:
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
    """A column as it is, with its interval. by: the columns of its place; count: that of its n."""

    def of(tables: Tables, chosen: Where) -> Iterator[Evidence]:
        found = select_rows(tables, table, chosen, *by, name, f"{name}_low", f"{name}_high", count)
        for place, group in facet_groups(found[found[name].notna()] if len(found) else found, by):
            yield evidence_from_row(place, group.iloc[0], name, count, logarithmic)

    return Quantity(of, (table,), selectable=tuple(by), timed=timed, logarithmic=logarithmic)


def evidence_from_row(
    place: Mapping[str, Any], row: "pd.Series[Any]", name: str, count: str, logarithmic: bool
) -> Evidence:
    """A value with its interval from a row."""
    n = int(row[count]) if pd.notna(row[count]) else 0
    return Evidence(
        dict(place),
        float(row[name]),
        float(row[f"{name}_low"]),
        float(row[f"{name}_high"]),
        n,
        logarithmic=logarithmic,
    )


def half_width(row: "pd.Series[Any]", name: str, logarithmic: bool = True) -> float:
    """Of a row's interval, or of that of the logarithm. At one confidence half-widths are to each other as standard errors are, and
    add up as they do."""
    low, high = float(row[f"{name}_low"]), float(row[f"{name}_high"])
    return float(np.log(high / low) if logarithmic else high - low) / 2


def by_name(group: pd.DataFrame, column: str) -> dict[str, "pd.Series[Any]"]:
    """The rows of a group by one of their columns; the first of each."""
    return {str(row[column]): row for _, row in group.drop_duplicates(column).iterrows()}


def ratio_of_rows(
    place: Mapping[str, Any],
    over: "pd.Series[Any]",
    under: "pd.Series[Any]",
    name: str,
    count: str = "n",
) -> Evidence:
    """The ratio of two rows' values, their errors taken as independent."""
    value, width = (
        over[name] / under[name],
        np.hypot(half_width(over, name), half_width(under, name)),
    )
    n = int(min(over[count], under[count]))
    return Evidence(
        dict(place), value, value * np.exp(-width), value * np.exp(width), n, logarithmic=True
    )


def slope(
    place: Mapping[str, Any], x: np.ndarray, y: np.ndarray, half_widths: np.ndarray, n: int
) -> Evidence | None:
    """Of the line through points (x, y) whose y have intervals of these half-widths, by weighted least squares; None for less than
    three points. n: the fewest values that a point is made of."""
    if len(np.unique(x)) < 3:
        return None
    weights = 1 / np.maximum(half_widths, 1e-12) ** 2
    centred = x - np.average(x, weights=weights)
    spread = (weights * centred**2).sum()
    value, width = (weights * centred * y).sum() / spread, 1 / np.sqrt(spread)
    return Evidence(dict(place), float(value), float(value - width), float(value + width), n)


def exponent(
    place: Mapping[str, Any],
    group: pd.DataFrame,
    x: str,
    y: str,
    count: str,
    reciprocal: bool = False,
) -> Iterator[Evidence]:
    """The power of x with which y, or 1/y, grows: a slope of logarithms."""
    sound = group[(group[y] > 0) & (group[f"{y}_low"] > 0)]
    if len(sound):
        widths = np.array([half_width(row, y) for _, row in sound.iterrows()])
        sign = -1.0 if reciprocal else 1.0
        points = np.log(sound[x].to_numpy(float)), sign * np.log(sound[y].to_numpy(float))
        made = slope(place, *points, widths, int(sound[count].min()))
        if made:
            yield made


def counted_evidence(
    place: Mapping[str, Any], value: float, low: float = float("nan"), high: float = float("nan")
) -> Evidence:
    """What was counted, or is bounded for certain."""
    return Evidence(dict(place), float(value), float(low), float(high), counted=True)
