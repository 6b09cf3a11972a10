"""Builders of tables in which a measured quantity has a chosen value, interval and sample size."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.samples import Samples, format_samples

Row = dict[str, Any]
Tables = dict[str, pd.DataFrame]
TableMaker = Callable[[float, float, int], Tables]
"""Returns tables for a value, the standard deviation of its raw values, and their number.

The standard deviation of a ratio is on the logarithmic scale.
"""


@dataclass(frozen=True)
class QuantityTables:
    """Tables in which the quantity of a claim has a chosen value.

    Attributes:
        make: Returns the tables.
        counted: Whether the quantity is counted, so that it has at most hard bounds.
    """

    make: TableMaker
    counted: bool = False


def ratio_with_interval(name: str, value: float, spread: float, n: int = 10) -> Row:
    """Return a ratio, its interval, and n raw values with this geometric mean.

    Args:
        name: Column of the ratio.
        value: Geometric mean.
        spread: Standard deviation of the logarithms of the raw values.
        n: Number of raw values.
    """
    raw = value * np.exp(spread * scores(n))
    factor = np.exp(spread)
    cells = {name: value, f"{name}_low": value / factor, f"{name}_high": value * factor}
    return cells | {f"{name}_values": cell(raw)}


def value_with_interval(name: str, value: float, spread: float, n: int = 10) -> Row:
    """Return a value, its interval, and n raw values with this mean and standard deviation."""
    raw = value + spread * scores(n)
    cells = {name: value, f"{name}_low": value - spread, f"{name}_high": value + spread}
    return cells | {f"{name}_values": cell(raw)}


def scores(n: int) -> np.ndarray:
    """Return n numbers with mean 0 and standard deviation 1, (n,)."""
    numbers = np.linspace(-1.0, 1.0, n)
    return numbers / numbers.std(ddof=1)


def cell(values: np.ndarray) -> str:
    """Return the text of raw values with the keys 0, 1, ..."""
    return format_samples(Samples(np.arange(len(values)), values, values))


def column(
    table: str,
    name: str,
    facts: Row,
    count: str = "n",
    with_interval: Callable[[str, float, float, int], Row] = ratio_with_interval,
) -> QuantityTables:
    """Return tables for a quantity that is a column.

    Args:
        table: Name of the table.
        name: Column of the value.
        facts: The other columns of the only row.
        count: Column of the sample size.
        with_interval: Returns the value, its interval and its raw values.
    """

    def make(value: float, spread: float, n: int) -> Tables:
        row = facts | with_interval(name, value, spread, n) | {count: n}
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

    def make(value: float, spread: float, n: int) -> Tables:
        cells = {
            numerator: ratio_with_interval(name, 2.0 * value, spread, n),
            denominator: ratio_with_interval(name, 2.0, 0.0, n),
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

    def make(value: float, spread: float, n: int) -> Tables:
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
) -> TableMaker:
    """Return a function that makes the table `quality`, in which y is a power of x.

    Each sample follows a power law of its own; the powers have the requested standard deviation.

    Args:
        x: Column of the abscissas.
        sizes: The abscissas.
        y: Column of the powers.
        facts: The other columns of all rows.
    """

    def make(value: float, spread: float, n: int) -> Tables:
        powers = value + spread * scores(n)
        shared = facts | {"draws": n}
        rows = [
            shared | {x: size, f"{y}_values": cell(size**powers)} | _mean(y, size**powers)
            for size in sizes
        ]
        return {"quality": pd.DataFrame(rows)}

    return make


def _mean(name: str, values: np.ndarray) -> Row:
    return {name: values.mean(), f"{name}_low": values.min(), f"{name}_high": values.max()}
