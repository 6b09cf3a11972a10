"""Evidence about the cost of a training step: its time, its multiplications and its bytes."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from dirgrad.analysis.evidence.reading import (
    Quantity,
    Reader,
    Tables,
    Where,
    by_name,
    column,
    counted_evidence,
    facet_groups,
    ratio_of_rows,
    select_rows,
    with_interval,
)
from dirgrad.analysis.verdicts import Evidence

BACKPROP = "backprop"
FORWARD = "forward_gradient"
RANK_ONE = "forward_gradient_rank_one"
RANDOM = "directional_random"
COST_FACETS = ("backend", "problem", "batch_size")
ESTIMATOR_FACETS = (*COST_FACETS, "estimator")
STEP_BYTES = ("step_xla_temp_bytes", "step_graph_temp_bytes")
"""Temporary bytes of a step as the framework counts them: by XLA, or in PyTorch's traced graph."""
TEMP_BYTES = ("xla_temp_bytes", "graph_temp_bytes")
"""The columns of these counts in the table `memory`."""


def _time_factors(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield R_f / R_b of Baydin et al. 2022: forward gradient time over backprop time."""
    columns = ("problem", "quantity", *with_interval("value"), "n")
    table = select_rows(tables, "baydin", where, *columns)
    factors = table[table["quantity"].isin(["R_f", "R_b"])]
    for facets, group in facet_groups(factors, ["backend", "problem"]):
        rows = by_name(group, "quantity")
        if {"R_f", "R_b"} <= rows.keys() and (group["n"] > 1).all():
            yield ratio_of_rows(facets, rows["R_f"], rows["R_b"], "value")


def _products(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the multiplications that a forward gradient adds to the loss, relative to backprop."""
    columns = ("estimator", "status", "forward_product_flops", "step_product_flops")
    table = select_rows(tables, "cost", where, *COST_FACETS, *columns)
    counted = table[table["forward_product_flops"] > 0]
    for facets, group in facet_groups(counted, COST_FACETS):
        difference = group["step_product_flops"] - group["forward_product_flops"]
        added = difference.groupby(group["estimator"]).first().dropna()
        if {FORWARD, BACKPROP} <= {*added.index}:
            yield counted_evidence(facets, added[FORWARD] / added[BACKPROP])


def _growth_with_length(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the exponent p in: bytes of a step = c length^p, between the two longest lengths."""
    columns = ("estimator", "length", "observation_bytes", *STEP_BYTES)
    table = _without_observations(select_rows(tables, "cost", where, *columns))
    sequences = table[table["bytes"].notna() & (table["length"] > 0)]
    for facets, group in facet_groups(sequences, ["backend", "estimator"]):
        yield from _last_exponent(facets, group, "length", "bytes")


def _sequence_bytes_over(under: str) -> Reader:
    """Return a reader of the bytes of a step relative to the estimator `under`, on sequences."""
    columns = ("estimator", "length", "batch_size", "observation_bytes", *STEP_BYTES)

    def read_ratios(tables: Tables, where: Where) -> Iterator[Evidence]:
        table = _without_observations(select_rows(tables, "cost", {}, *columns))
        sequences = table[table["length"] > 0]
        yield from _byte_ratios(sequences, ["backend", "length", "batch_size"], under, where)

    return read_ratios


def _byte_ratios(
    table: pd.DataFrame,
    by: Sequence[str],
    under: str,
    where: Where,
) -> Iterator[Evidence]:
    """Yield the bytes of the claim's estimators relative to the estimator `under`."""
    counted = table[table["bytes"].notna()]
    for facets, group in facet_groups(counted, by):
        first_rows = group.drop_duplicates("estimator")
        by_estimator = first_rows.set_index("estimator")["bytes"]
        for name in where.get("estimator", ()):
            if {name, under} <= {*by_estimator.index}:
                yield counted_evidence(facets, by_estimator[name] / by_estimator[under])


def _growth_with_depth(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the exponent p in: bytes of a step = c depth^p, between the two deepest networks."""
    columns = ("estimator", "depth", "batch_size", *TEMP_BYTES)
    table = select_rows(tables, "memory", where, *columns)
    table = table.assign(bytes=_first_known(table, TEMP_BYTES))
    positive = table[table["bytes"] > 0]
    for facets, group in facet_groups(positive, ["backend", "estimator", "batch_size"]):
        yield from _last_exponent(facets, group, "depth", "bytes")


def _last_exponent(
    facets: dict[str, object],
    group: pd.DataFrame,
    x: str,
    y: str,
) -> Iterator[Evidence]:
    """Yield the exponent of the power law through the points with the two largest x."""
    last = group.drop_duplicates(x).sort_values(x).tail(2)
    if len(last) == 2 and (last[y] > 0).all():
        x0, x1 = last[x].to_numpy(float)
        y0, y1 = last[y].to_numpy(float)
        exponent = np.log(y1 / y0) / np.log(x1 / x0)
        yield counted_evidence(facets, exponent)


def _bytes_over(under: str) -> Reader:
    """Return a reader of the temporary bytes of a step relative to the estimator `under`."""
    columns = ("estimator", "depth", "batch_size", *TEMP_BYTES)

    def read_ratios(tables: Tables, where: Where) -> Iterator[Evidence]:
        table = select_rows(tables, "memory", {}, *columns)
        table = table.assign(bytes=_first_known(table, TEMP_BYTES))
        yield from _byte_ratios(table, ["backend", "depth", "batch_size"], under, where)

    return read_ratios


def _without_observations(table: pd.DataFrame) -> pd.DataFrame:
    """Add the column `bytes`: temporary bytes of a step without the observations."""
    # Every estimator needs the observations, so their bytes do not count.
    step_bytes = _first_known(table, STEP_BYTES)
    return table.assign(bytes=step_bytes - table["observation_bytes"])


def _first_known(table: pd.DataFrame, names: tuple[str, str]) -> "pd.Series[float]":
    """Return the first of two columns, and the second where the first is missing."""
    first, second = names
    return pd.to_numeric(table[first]).fillna(pd.to_numeric(table[second]))


def _step_time_over(under: str) -> Reader:
    """Return a reader of the time of a step relative to the estimator `under`."""
    name = "step_over_forward"
    columns = (*COST_FACETS, "estimator", "n", *with_interval(name))

    def read_ratios(tables: Tables, where: Where) -> Iterator[Evidence]:
        table = select_rows(tables, "cost", {}, *columns)
        timed = table[table[f"{name}_low"].notna()]
        for facets, group in facet_groups(timed, COST_FACETS):
            rows = by_name(group, "estimator")
            for over in where.get("estimator", ()):
                if {over, under} <= rows.keys():
                    yield ratio_of_rows(facets, rows[over], rows[under], name)

    return read_ratios


def _bytes_quantity(under: str) -> Quantity:
    return Quantity(
        evidence=_bytes_over(under),
        tables=("memory",),
        selectable=("estimator",),
        logarithmic=True,
    )


def _step_time_quantity(under: str) -> Quantity:
    return Quantity(
        evidence=_step_time_over(under),
        tables=("cost",),
        selectable=("estimator",),
        timed=True,
        logarithmic=True,
    )


QUANTITIES = {
    "derivative_over_forward": column(
        table="cost",
        name="derivative_over_forward",
        by=ESTIMATOR_FACETS,
        timed=True,
    ),
    "step_over_backprop": column(
        table="bench",
        name="step_over_backprop",
        by=ESTIMATOR_FACETS,
        timed=True,
    ),
    "R_f_over_R_b": Quantity(
        evidence=_time_factors,
        tables=("baydin",),
        selectable=("problem",),
        timed=True,
        logarithmic=True,
    ),
    "products_over_backprop": Quantity(
        evidence=_products,
        tables=("cost",),
        selectable=("problem", "cost"),
    ),
    "power_of_bytes_in_length": Quantity(
        evidence=_growth_with_length,
        tables=("cost",),
        selectable=("estimator", "cost"),
    ),
    "power_of_bytes_in_depth": Quantity(
        evidence=_growth_with_depth,
        tables=("memory",),
        selectable=("estimator",),
    ),
    "bytes_over_backprop": _bytes_quantity(BACKPROP),
    "bytes_over_forward_gradient": _bytes_quantity(FORWARD),
    "bytes_over_rank_one": _bytes_quantity(RANK_ONE),
    "step_over_forward_gradient": _step_time_quantity(FORWARD),
    "step_over_rank_one": _step_time_quantity(RANK_ONE),
    "step_over_random_direction": _step_time_quantity(RANDOM),
    "bytes_over_random_direction": Quantity(
        evidence=_sequence_bytes_over(RANDOM),
        tables=("cost",),
        selectable=("estimator",),
        logarithmic=True,
    ),
}
