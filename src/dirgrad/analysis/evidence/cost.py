"""Of a step: its time, its multiplications and its bytes."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from dirgrad.analysis.evidence.reading import (
    Quantity,
    Tables,
    Where,
    by_name,
    column,
    counted_evidence,
    facet_groups,
    ratio_of_rows,
    select_rows,
)
from dirgrad.analysis.verdicts import Evidence

BACKPROP, FORWARD, RANK_ONE, RANDOM = (
    "backprop",
    "forward_gradient",
    "forward_gradient_rank_one",
    "directional_random",
)
PLACE = ("backend", "problem", "batch_size")
BYTES = ("step_xla_temp_bytes", "step_graph_temp_bytes")
"""Of a step, as the framework counts them: XLA's own account, or the traced graph of PyTorch."""
RISES = ("xla_temp_bytes", "graph_temp_bytes")


def _factors(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """R_f / R_b of Baydin et al. 2022: the time of a forward gradient over that of backprop."""
    found = select_rows(
        tables, "baydin", chosen, "problem", "quantity", "value", "value_low", "value_high", "n"
    )
    for place, group in facet_groups(
        found[found["quantity"].isin(["R_f", "R_b"])], ["backend", "problem"]
    ):
        both = by_name(group, "quantity")
        if {"R_f", "R_b"} <= {*both} and (group["n"] > 1).all():
            yield ratio_of_rows(place, both["R_f"], both["R_b"], "value")


def _products(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The multiplications that a derivative along one direction adds to those of the function, over those that backprop adds."""
    columns = ("estimator", "status", "forward_product_flops", "step_product_flops")
    found = select_rows(tables, "cost", chosen, *PLACE, *columns)
    for place, group in facet_groups(found[found["forward_product_flops"] > 0], PLACE):
        added = (
            (group["step_product_flops"] - group["forward_product_flops"])
            .groupby(group["estimator"])
            .first()
            .dropna()
        )
        if {FORWARD, BACKPROP} <= {*added.index}:
            yield counted_evidence(place, added[FORWARD] / added[BACKPROP])


def _growth_with_length(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The power of the sequence's length with which a step's bytes grow, without those of what is met along it, which are
    everyone's; between the two longest."""
    found = select_rows(tables, "cost", chosen, "estimator", "length", "observation_bytes", *BYTES)
    counted = found.assign(bytes=_counted(found, BYTES) - found["observation_bytes"])
    for place, group in facet_groups(
        counted[counted["bytes"].notna() & (counted["length"] > 0)], ["backend", "estimator"]
    ):
        yield from _last_power(place, group, "length", "bytes")


def _along_sequences(under: str) -> Callable[[Tables, Where], Iterator[Evidence]]:
    """The bytes of a step, without those of what is met along the sequence, over those of another estimator's."""

    def of(tables: Tables, chosen: Where) -> Iterator[Evidence]:
        found = select_rows(
            tables, "cost", {}, "estimator", "length", "batch_size", "observation_bytes", *BYTES
        )
        counted = found.assign(bytes=_counted(found, BYTES) - found["observation_bytes"])
        yield from _ratios(
            counted[counted["length"] > 0], ["backend", "length", "batch_size"], under, chosen
        )

    return of


def _ratios(counted: pd.DataFrame, by: list[str], under: str, chosen: Where) -> Iterator[Evidence]:
    """Of the column `bytes`, of those estimators that a claim is about, over that of another."""
    for place, group in facet_groups(counted[counted["bytes"].notna()], by):
        of = group.drop_duplicates("estimator").set_index("estimator")["bytes"]
        for name in chosen.get("estimator", ()):
            if {name, under} <= {*of.index}:
                yield counted_evidence(place, of[name] / of[under])


def _growth_with_depth(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The power of the number of layers with which a step's bytes grow, between the two deepest."""
    found = select_rows(tables, "memory", chosen, "estimator", "depth", "batch_size", *RISES)
    counted = found.assign(bytes=_counted(found, RISES))
    for place, group in facet_groups(
        counted[counted["bytes"] > 0], ["backend", "estimator", "batch_size"]
    ):
        yield from _last_power(place, group, "depth", "bytes")


def _last_power(
    place: dict[str, object], group: pd.DataFrame, x: str, y: str
) -> Iterator[Evidence]:
    last = group.drop_duplicates(x).sort_values(x).tail(2)
    if len(last) == 2 and (last[y] > 0).all():
        (x0, x1), (y0, y1) = last[x].to_numpy(float), last[y].to_numpy(float)
        yield counted_evidence(place, np.log(y1 / y0) / np.log(x1 / x0))


def _bytes_over(under: str) -> Callable[[Tables, Where], Iterator[Evidence]]:
    """The bytes by which a step rises above the parameters that it renews, over those of another estimator."""

    def of(tables: Tables, chosen: Where) -> Iterator[Evidence]:
        found = select_rows(tables, "memory", {}, "estimator", "depth", "batch_size", *RISES)
        yield from _ratios(
            found.assign(bytes=_counted(found, RISES)),
            ["backend", "depth", "batch_size"],
            under,
            chosen,
        )

    return of


def _counted(found: pd.DataFrame, names: tuple[str, str]) -> "pd.Series[float]":
    first, second = (pd.to_numeric(found[name]) for name in names)
    return first.fillna(second)


def _step_over(under: str) -> Callable[[Tables, Where], Iterator[Evidence]]:
    """The time of a step over that of another estimator's step."""

    def of(tables: Tables, chosen: Where) -> Iterator[Evidence]:
        name = "step_over_forward"
        found = select_rows(
            tables, "cost", {}, *PLACE, "estimator", "n", name, f"{name}_low", f"{name}_high"
        )
        for place, group in facet_groups(found[found[f"{name}_low"].notna()], PLACE):
            by = by_name(group, "estimator")
            for over in chosen.get("estimator", ()):
                if {over, under} <= {*by}:
                    yield ratio_of_rows(place, by[over], by[under], name)

    return of


OF_ESTIMATOR = (*PLACE, "estimator")
QUANTITIES = {
    "derivative_over_forward": column("cost", "derivative_over_forward", OF_ESTIMATOR, timed=True),
    "step_over_backprop": column("bench", "step_over_backprop", (*PLACE, "estimator"), timed=True),
    "R_f_over_R_b": Quantity(_factors, ("baydin",), ("problem",), timed=True, logarithmic=True),
    "products_over_backprop": Quantity(_products, ("cost",), ("problem", "cost")),
    "power_of_bytes_in_length": Quantity(_growth_with_length, ("cost",), ("estimator", "cost")),
    "power_of_bytes_in_depth": Quantity(_growth_with_depth, ("memory",), ("estimator",)),
    "bytes_over_backprop": Quantity(
        _bytes_over(BACKPROP), ("memory",), ("estimator",), logarithmic=True
    ),
    "bytes_over_forward_gradient": Quantity(
        _bytes_over(FORWARD), ("memory",), ("estimator",), logarithmic=True
    ),
    "bytes_over_rank_one": Quantity(
        _bytes_over(RANK_ONE), ("memory",), ("estimator",), logarithmic=True
    ),
    "step_over_forward_gradient": Quantity(
        _step_over(FORWARD), ("cost",), ("estimator",), timed=True, logarithmic=True
    ),
    "step_over_rank_one": Quantity(
        _step_over(RANK_ONE), ("cost",), ("estimator",), timed=True, logarithmic=True
    ),
    "step_over_random_direction": Quantity(
        _step_over(RANDOM), ("cost",), ("estimator",), timed=True, logarithmic=True
    ),
    "bytes_over_random_direction": Quantity(
        _along_sequences(RANDOM), ("cost",), ("estimator",), logarithmic=True
    ),
}
