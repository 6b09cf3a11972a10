"""Evidence about training runs: cost to reach a target, learning rates, and losses."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

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
    evidence_from_row,
    facet_groups,
    ratio_of_rows,
    select_rows,
    with_interval,
)
from dirgrad.analysis.verdicts import Evidence

CELL = ("backend", "experiment", "estimator")
BACKPROP = "backprop"
RANDOM = "directional_random"
DIRECTIONAL = "directional_truncated_"
"""Prefix of estimators that descend along the truncated gradient; the window length follows."""
ROUNDING = 0.01
"""Relative error allowed for a loss without randomness, whose rounding depends on the machine."""


def _to_target(name: str, timed: bool) -> Quantity:
    """Return the cost of reaching the target loss over backprop's cost, a column of `targets`."""
    columns = (*CELL, "n", "n_reached", *with_interval(name))

    def read_ratios(tables: Tables, where: Where) -> Iterator[Evidence]:
        table = select_rows(tables, "targets", where, *columns)
        others = table[table["estimator"] != BACKPROP]
        for facets, group in facet_groups(others, CELL):
            yield _censored(facets, group.iloc[0], name)

    return Quantity(
        evidence=read_ratios,
        tables=("targets",),
        selectable=CELL,
        timed=timed,
        logarithmic=True,
    )


def _censored(facets: Mapping[str, Any], row: "pd.Series[Any]", name: str) -> Evidence:
    """Return a ratio, or a lower bound if some trials did not reach the target."""
    if pd.notna(row[name]):
        return evidence_from_row(facets, row, name, "n", logarithmic=True)
    bound = f"{name}_at_least"
    if pd.notna(row.get(bound)):
        evidence = evidence_from_row(facets, row, bound, "n", logarithmic=True)
        return replace(evidence, at_least=True)
    # The table has no bound: only the trials that missed the target support a large ratio.
    n = int(row["n"])
    return Evidence(
        facets=facets,
        value=np.inf,
        low=np.inf,
        high=np.inf,
        n=n,
        logarithmic=True,
        n_same_side=n - int(row["n_reached"]),
    )


def _per_dimension(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the steps to the target over backprop's steps, divided by the number of parameters."""
    rows = select_rows(tables, "final", {}, *CELL, "dimension").drop_duplicates(CELL)
    dimensions = rows.set_index(list(CELL))["dimension"]
    quantity = _to_target("steps_over_backprop", timed=False)
    for ratio in quantity.evidence(tables, where):
        facets = ratio.facets
        key = (facets["framework"], facets["experiment"], facets["estimator"])
        if key in dimensions.index:
            d = float(dimensions[key])
            yield replace(
                ratio,
                value=ratio.value / d,
                low=ratio.low / d,
                high=ratio.high / d,
            )


def _best_rate(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield backprop's best learning rate over an estimator's, both from the same grid."""
    table = select_rows(tables, "final", {}, *CELL, "stage", "learning_rate", "best_rate")
    for facets, group in facet_groups(table, ["backend", "experiment"]):
        tuning = group[group["stage"] == "tuning"]
        grid = np.unique(tuning["learning_rate"])
        best_rows = group[group["best_rate"].astype(bool)]
        first_rows = best_rows.drop_duplicates("estimator")
        best = first_rows.set_index("estimator")["learning_rate"]
        for name in where.get("estimator", ()):
            if len(grid) > 1 and {name, BACKPROP} <= {*best.index}:
                # The ratio is known up to one grid step in either direction. These bounds ignore
                # that other seeds might choose another rate.
                ratio = float(best[BACKPROP]) / float(best[name])
                step = np.min(grid[1:] / grid[:-1])
                yield counted_evidence(facets, ratio, ratio / step, ratio * step)


def _largest_rate(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield backprop's largest stable learning rate over an estimator's."""
    columns = ("backend", "problem", "estimator", "stable_rate", "unstable_rate")
    table = select_rows(tables, "stability", {}, *columns)
    bracketed = table.dropna(subset=["stable_rate", "unstable_rate"])
    for facets, group in facet_groups(bracketed, ["backend", "problem"]):
        rows = by_name(group, "estimator")
        for name in where.get("estimator", ()):
            if {name, BACKPROP} <= rows.keys():
                over, under = rows[BACKPROP], rows[name]
                # Each threshold lies between the last stable rate of the grid and the next rate.
                ratio = over["stable_rate"] / under["stable_rate"]
                low = over["stable_rate"] / under["unstable_rate"]
                high = over["unstable_rate"] / under["stable_rate"]
                yield counted_evidence(facets, ratio, low, high)


def _paper(quantity: str) -> Quantity:
    """Return a quantity of the table `baydin` (Baydin et al. 2022), at every learning rate."""
    by = ("backend", "problem", "learning_rate")
    columns = (*by, "quantity", *with_interval("value"), "n", "n_reached")

    def read_ratios(tables: Tables, where: Where) -> Iterator[Evidence]:
        table = select_rows(tables, "baydin", where, *columns)
        selected = table[table["quantity"] == quantity]
        for group_facets, group in facet_groups(selected, by):
            facets = {
                "framework": group_facets["framework"],
                "problem": group_facets["problem"],
                "rate": group_facets["learning_rate"],
            }
            yield _censored(facets, group.iloc[0], "value")

    return Quantity(
        evidence=read_ratios,
        tables=("baydin",),
        selectable=("problem", "learning_rate"),
        timed=True,
        logarithmic=True,
    )


def _loss_over(under: str) -> Reader:
    """Return a reader of the final loss relative to `under`, each at its best learning rate."""
    name = "valid_loss"
    columns = (*CELL, "n", *with_interval(name))

    def read_ratios(tables: Tables, where: Where) -> Iterator[Evidence]:
        table = select_rows(tables, "targets", {}, *columns)
        measured = table[table[f"{name}_low"].notna()]
        for facets, group in facet_groups(measured, ["backend", "experiment"]):
            rows = by_name(group, "estimator")
            for over in where.get("estimator", ()):
                if {over, under} <= rows.keys():
                    ratio_facets = facets | {"estimator": over}
                    yield ratio_of_rows(ratio_facets, rows[over], rows[under], name)

    return read_ratios


def _loss_over_truncated(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the final loss of descent along the truncated gradient relative to truncated BPTT."""
    table = select_rows(tables, "final", {}, *CELL, "n_seeds", "n_ok", "final_loss")
    balancing = table[table["experiment"] == "influence_balancing"]
    for facets, group in facet_groups(balancing, ["backend"]):
        # A cell with a trial that diverged counts as an infinite loss.
        converged = group["n_ok"] == group["n_seeds"]
        loss = group["final_loss"].where(converged, np.inf)
        rows = group.assign(loss=loss).drop_duplicates("estimator")
        losses = rows.set_index("estimator")["loss"]
        for window in _truncation_windows(losses.index):
            over = f"{DIRECTIONAL}{window}"
            under = f"truncated_bptt_{window}"
            if under in losses and np.isfinite(losses[over]):
                ratio = losses[over] / losses[under]
                low = (1 - ROUNDING) * ratio
                high = (1 + ROUNDING) * ratio
                yield counted_evidence(facets | {"window": int(window)}, ratio, low, high)


def _truncation_windows(estimators: "pd.Index[Any]") -> list[str]:
    directional = estimators[estimators.str.startswith(DIRECTIONAL)]
    return [name.removeprefix(DIRECTIONAL) for name in directional]


def _over_plain(tables: Tables, where: Where) -> Iterator[Evidence]:
    """Yield the final loss of experiments FAMILY_NAME relative to experiments FAMILY_plain_NAME."""
    rows = _best_losses(tables, where)
    for (backend, experiment, estimator), row in rows.items():
        for family in where.get("family", ()):
            prefix = f"{family}_"
            plain_name = experiment.replace(prefix, f"{family}_plain_", 1)
            plain = rows.get((backend, plain_name, estimator))
            if experiment.startswith(prefix) and plain is not None and plain is not row:
                facets = {"framework": backend, "experiment": experiment, "estimator": estimator}
                yield ratio_of_rows(facets, row, plain, "valid_loss")


def _best_losses(tables: Tables, where: Where) -> dict[tuple[str, ...], "pd.Series[Any]"]:
    """Return the rows of `final` at best rates with positive losses, by the columns CELL."""
    columns = (*CELL, "best_rate", "n_ok", *with_interval("valid_loss"))
    # `family` selects by names of experiments, not by a column of the table.
    by_column = {name: values for name, values in where.items() if name != "family"}
    table = select_rows(tables, "final", by_column, *columns)
    best = table[table["best_rate"].astype(bool)]
    positive = best[best["valid_loss_low"] > 0]
    renamed = positive.rename(columns={"n_ok": "n"})
    return {tuple(row[name] for name in CELL): row for _, row in renamed.iterrows()}


QUANTITIES = {
    "steps_over_backprop": _to_target("steps_over_backprop", timed=False),
    "seconds_over_backprop": _to_target("seconds_over_backprop", timed=True),
    "steps_over_backprop_per_dimension": Quantity(
        evidence=_per_dimension,
        tables=("targets", "final"),
        selectable=CELL,
        logarithmic=True,
    ),
    "backprop_rate_over": Quantity(
        evidence=_best_rate,
        tables=("final",),
        selectable=("estimator",),
        logarithmic=True,
    ),
    "backprop_largest_rate_over": Quantity(
        evidence=_largest_rate,
        tables=("stability",),
        selectable=("estimator",),
        logarithmic=True,
    ),
    "accuracy_difference_at_equal_loss": column(
        table="equal_loss",
        name="difference",
        by=CELL,
        logarithmic=False,
    ),
    "T_f_over_T_b": _paper("T_f_over_T_b"),
    "seconds_forward_over_backprop": _paper("seconds_forward_over_backprop"),
    "loss_over_random_direction": Quantity(
        evidence=_loss_over(RANDOM),
        tables=("targets",),
        selectable=("estimator",),
        logarithmic=True,
    ),
    "loss_over_truncated": Quantity(
        evidence=_loss_over_truncated,
        tables=("final",),
        logarithmic=True,
    ),
    "power_of_evaluations_in_dimension": column(
        table="scaling",
        name="slope",
        by=("problem", "backend", "optimizer", "estimator"),
        logarithmic=False,
    ),
    "loss_over_plain": Quantity(
        evidence=_over_plain,
        tables=("final",),
        selectable=("family", "estimator"),
        logarithmic=True,
    ),
}
