"""Builders of tables in which a measured quantity has a chosen value, interval and sample size."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Row = dict[str, Any]
Tables = dict[str, pd.DataFrame]
TableMaker = Callable[[float, float, int], Tables]
"""Returns tables for a value, the half-width of its interval, and a sample size.

The half-width of a ratio is on the logarithmic scale.
"""

NARROW = 1e-3
"""Half-width of the interval of a denominator, which hardly affects the interval of a ratio."""


@dataclass(frozen=True)
class QuantityTables:
    """Tables in which the quantity of a claim has a chosen value.

    Attributes:
        make: Returns the tables.
        counted: Whether the quantity is counted, so that it has at most hard bounds.
    """

    make: TableMaker
    counted: bool = False


def ratio_with_interval(name: str, value: float, half_width: float) -> Row:
    """Return a ratio and its interval, which is symmetric on the logarithmic scale."""
    factor = np.exp(half_width)
    return {name: value, f"{name}_low": value / factor, f"{name}_high": value * factor}


def value_with_interval(name: str, value: float, half_width: float) -> Row:
    """Return a value and its symmetric interval."""
    return {name: value, f"{name}_low": value - half_width, f"{name}_high": value + half_width}


def column(
    table: str,
    name: str,
    facts: Row,
    count: str = "n",
    with_interval: Callable[[str, float, float], Row] = ratio_with_interval,
) -> QuantityTables:
    """Return tables for a quantity that is a column.

    Args:
        table: Name of the table.
        name: Column of the value.
        facts: The other columns of the only row.
        count: Column of the sample size.
        with_interval: Returns the value and its interval.
    """

    def make(value: float, half_width: float, n: int) -> Tables:
        row = facts | with_interval(name, value, half_width) | {count: n}
        return {table: pd.DataFrame([row])}

    return QuantityTables(make)


def ratio_of_rows(
    table: str,
    name: str,
    facts: Row,
    numerator: str,
    denominator: str,
) -> QuantityTables:
    """Return tables for a ratio between two estimators, with intervals.

    Args:
        table: Name of the table.
        name: Column of the values.
        facts: The other columns of both rows.
        numerator: Estimator in the numerator.
        denominator: Estimator in the denominator, whose value is 2 with a narrow interval.
    """

    def make(value: float, half_width: float, n: int) -> Tables:
        cells = {
            numerator: ratio_with_interval(name, 2.0 * value, half_width),
            denominator: ratio_with_interval(name, 2.0, NARROW),
        }
        shared = facts | {"n": n}
        return {table: per_estimator(shared, cells)}

    return QuantityTables(make)


def ratio_of_counts(
    table: str,
    name: str,
    facts: Row,
    numerator: str,
    denominator: str,
) -> QuantityTables:
    """Return tables for a ratio between two estimators of counts, which have no interval.

    Args:
        table: Name of the table.
        name: Column of the counts.
        facts: The other columns of both rows.
        numerator: Estimator in the numerator.
        denominator: Estimator in the denominator, whose count is 1000.
    """

    def make(value: float, half_width: float, n: int) -> Tables:
        cells = {numerator: {name: 1000.0 * value}, denominator: {name: 1000.0}}
        return {table: per_estimator(facts, cells)}

    return QuantityTables(make, counted=True)


def per_estimator(shared: Row, cells: Mapping[str, Row]) -> pd.DataFrame:
    """Return a table with one row per estimator.

    Args:
        shared: Columns with the same value in all rows.
        cells: The other columns, by estimator.
    """
    rows = [shared | {"estimator": estimator} | own for estimator, own in cells.items()]
    return pd.DataFrame(rows)


def power_law(
    x: str,
    sizes: Sequence[float],
    y: str,
    facts: Row,
    sign: float = 1.0,
) -> TableMaker:
    """Return a function that makes the table `quality`, in which y is a power of x.

    The fitted exponent has the requested half-width: with equal half-widths of the points, it is
    their half-width divided by the spread of log x.

    Args:
        x: Column of the abscissas.
        sizes: The abscissas.
        y: Column of the powers.
        facts: The other columns of all rows.
        sign: Sign of the exponent.
    """

    def make(value: float, half_width: float, n: int) -> Tables:
        logs = np.log(sizes)
        spread = np.sqrt(((logs - logs.mean()) ** 2).sum())
        shared = facts | {"draws": n}
        rows = [
            shared | {x: size} | ratio_with_interval(y, size ** (sign * value), half_width * spread)
            for size in sizes
        ]
        return {"quality": pd.DataFrame(rows)}

    return make
