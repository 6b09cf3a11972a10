"""Evidence about estimates compared with the exact gradient: bias, noise, and how both grow."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dirgrad.analysis.evidence.reading import (
    Quantity,
    Tables,
    Where,
    column,
    exponent,
    facet_groups,
    half_width,
    ratio_of_rows,
    select_rows,
    symmetric_evidence,
    with_interval,
)
from dirgrad.analysis.verdicts import Evidence

PLAIN = "forward_gradient"
DIFFERENCE_FACETS = ("backend", "problem", "estimator", "eps", "dtype")
SNR = (*with_interval("snr"), "draws")
SNR_KEY = ["quality", "problem", "backend"]
"""The columns in which two laws of directions must agree to be compared."""


def _projection(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the mean estimate along the gradient over the gradient's norm; unbiased gives 1."""
    columns = ("estimator_kind", "num_directions", *with_interval("projection"), "draws")
    table = select_rows(tables, "quality", where, *columns)
    plain = table[table["estimator_kind"] == PLAIN]
    measured = plain[plain["projection_high"].notna()]
    for facets, group in facet_groups(measured, ["backend"]):
        widths = [half_width(row, "projection", logarithmic=False) for _, row in group.iterrows()]
        # Average all measurements of a framework, weighted by their numbers of directions.
        directions = group["draws"] * group["num_directions"]
        weights = directions.to_numpy(float) / directions.sum()
        value = (weights * group["projection"]).sum()
        half = np.sqrt(((weights * np.array(widths)) ** 2).sum())
        yield symmetric_evidence(facets, value, half, int(group["draws"].sum()))


def _growth_with_dimension(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the exponent p in: relative squared error 1/SNR = c d^p, for one direction."""
    columns = ("estimator_kind", "direction", "num_directions", "dimension", *SNR)
    table = select_rows(tables, "quality", where, *columns)
    plain = table[table["estimator_kind"] == PLAIN]
    one_direction = plain[plain["num_directions"] == 1]
    # The expected error is d + 1 or d - 1, which differs too much from d in small dimensions.
    large = one_direction[one_direction["dimension"] >= 10]
    for facets, group in facet_groups(large, ["backend", "direction"]):
        yield from exponent(facets, group, "dimension", "snr", "draws", reciprocal=True)


def _growth_with_directions(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the exponent p in: SNR = c K^p, for K directions on one problem."""
    columns = ("quality", "problem", "estimator_kind", "direction", "num_directions", *SNR)
    table = select_rows(tables, "quality", where, *columns)
    plain = table[table["estimator_kind"] == PLAIN]
    for facets, group in facet_groups(plain, ["backend", "direction", "problem"]):
        # Use the measurement with the most values of K.
        counts = group.groupby("quality")["num_directions"].nunique()
        rows = group[group["quality"] == counts.idxmax()]
        yield from exponent(facets, rows, "num_directions", "snr", "draws")


def _over_gaussian(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the SNR of a law of directions relative to the Gaussian law, on the same problem."""
    columns = ("quality", "problem", "estimator_kind", "direction", "num_directions", "dimension")
    table = select_rows(tables, "quality", {}, *columns, *SNR)
    one_direction = table[table["num_directions"] == 1]
    plain = one_direction[one_direction["estimator_kind"] == PLAIN]
    positive = plain[plain["snr_low"] > 0]
    gaussian_rows = positive[positive["direction"] == "gaussian"]
    gaussian = {tuple(row[SNR_KEY]): row for _, row in gaussian_rows.iterrows()}
    laws = where.get("direction", ())
    selected = positive[positive["direction"].isin(laws)]
    for facets, group in facet_groups(selected, ["backend", "direction", "dimension"]):
        row = group.iloc[0]
        key = tuple(row[SNR_KEY])
        if key in gaussian:
            yield ratio_of_rows(facets, row, gaussian[key], "snr", "draws")


def _difference_order(name: str) -> Quantity:
    """Return the order of a finite difference: the exponent p in `name` = c eps^p."""
    columns = ("eps", "dtype", "difference_error", *with_interval(name), "draws")

    def read_orders(tables: Tables, where: Where) -> Iterator[Evidence]:
        table = select_rows(tables, "quality", where, *columns)
        table = table[table["difference_error"] > 0]
        for facets, group in facet_groups(table, ["backend", "problem", "estimator"]):
            # Far above the step of the smallest error, the Taylor remainder dominates rounding.
            best_eps = group.sort_values("difference_error")["eps"].iloc[0]
            large_steps = group[group["eps"] > 10 * best_eps]
            rows = _magnitudes(large_steps, name)
            yield from exponent(facets, rows, "eps", name, "draws")

    return Quantity(
        evidence=read_orders,
        tables=("quality",),
        selectable=("estimator", "dtype", "problem"),
    )


def _magnitudes(group: pd.DataFrame, name: str) -> pd.DataFrame:
    """Replace a column by its absolute values, and its intervals accordingly."""
    names = [*with_interval(name)]
    value, low, high = group[names].to_numpy(float).T
    negative = value < 0
    columns = (
        np.abs(value),
        np.where(negative, -high, low),
        np.where(negative, -low, high),
    )
    return group.assign(**dict(zip(names, columns, strict=True)))


QUANTITIES = {
    "projection": Quantity(_projection, tables=("quality",)),
    "power_of_noise_in_dimension": Quantity(
        evidence=_growth_with_dimension,
        tables=("quality",),
        selectable=("direction", "quality"),
    ),
    "power_of_signal_in_directions": Quantity(
        evidence=_growth_with_directions,
        tables=("quality",),
        selectable=("direction", "quality"),
    ),
    "signal_over_gaussian": Quantity(
        evidence=_over_gaussian,
        tables=("quality",),
        selectable=("direction",),
        logarithmic=True,
    ),
    "difference_bias": column(
        table="quality",
        name="difference_bias",
        by=DIFFERENCE_FACETS,
        count="draws",
        logarithmic=False,
    ),
    "power_of_difference_error_in_eps": _difference_order("difference_error"),
    "power_of_difference_bias_in_eps": _difference_order("difference_bias"),
}
