"""Of trainings: steps and seconds to a target, rates, losses, and what a loss is worth."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.evidence.reading import (
    Quantity,
    Tables,
    Where,
    by_name,
    column,
    counted_evidence,
    evidence_from_row,
    facet_groups,
    ratio_of_rows,
    select_rows,
)
from dirgrad.analysis.verdicts import Evidence

CELL = ("backend", "experiment", "estimator")
BACKPROP, RANDOM = "backprop", "directional_random"


def _reached(name: str, timed: bool) -> Quantity:
    """What it takes to come to the target over what backprop takes. Where some trials did not come to it: at least what all spent
    over backprop's; in tables without that, infinity, for which only those trials speak."""

    def of(tables: Tables, chosen: Where) -> Iterator[Evidence]:
        found = select_rows(
            tables, "targets", chosen, *CELL, "n", "n_reached", name, f"{name}_low", f"{name}_high"
        )
        for place, group in facet_groups(found[found["estimator"] != BACKPROP], CELL):
            yield _censored(place, group.iloc[0], name)

    return Quantity(of, ("targets",), CELL, timed=timed, logarithmic=True)


def _censored(place: Mapping[str, Any], row: "pd.Series[Any]", name: str) -> Evidence:
    if pd.notna(row[name]):
        return evidence_from_row(place, row, name, "n", logarithmic=True)
    bound = f"{name}_at_least"
    if pd.notna(row.get(bound)):
        return replace(evidence_from_row(place, row, bound, "n", logarithmic=True), at_least=True)
    n, reached = int(row["n"]), int(row["n_reached"])
    return Evidence(place, np.inf, np.inf, np.inf, n, logarithmic=True, n_same_side=n - reached)


def _per_dimension(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """Steps to the target over backprop's, over the number of parameters."""
    sizes = (
        select_rows(tables, "final", {}, *CELL, "dimension")
        .drop_duplicates(CELL)
        .set_index(list(CELL))["dimension"]
    )
    of = _reached("steps_over_backprop", timed=False).evidence
    for one in of(tables, chosen):
        key = (one.facets["framework"], one.facets["experiment"], one.facets["estimator"])
        if key in sizes.index:
            d = float(sizes[key])
            yield replace(one, value=one.value / d, low=one.low / d, high=one.high / d)


def _best_rate(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """Backprop's best rate over that of an estimator, both of one grid: known to half a step of the grid on either side. That other
    seeds might choose another rate is not in it."""
    found = select_rows(tables, "final", {}, *CELL, "stage", "learning_rate", "best_rate")
    for place, group in facet_groups(found, ["backend", "experiment"]):
        grid = np.unique(group.loc[group["stage"] == "tuning", "learning_rate"])
        best = (
            group[group["best_rate"].astype(bool)]
            .drop_duplicates("estimator")
            .set_index("estimator")["learning_rate"]
        )
        for name in chosen.get("estimator", ()):
            if len(grid) > 1 and {name, BACKPROP} <= {*best.index}:
                ratio, step = (
                    float(best[BACKPROP]) / float(best[name]),
                    np.min(grid[1:] / grid[:-1]),
                )
                yield counted_evidence(place, ratio, ratio / step, ratio * step)


def _borne_rate(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The largest rate that backprop bears over that of an estimator: between the last of the grid that is borne and the next."""
    found = select_rows(
        tables, "stability", {}, "backend", "problem", "estimator", "stable_rate", "unstable_rate"
    )
    for place, group in facet_groups(
        found[found["stable_rate"].notna() & found["unstable_rate"].notna()], ["backend", "problem"]
    ):
        by = by_name(group, "estimator")
        for name in chosen.get("estimator", ()):
            if {name, BACKPROP} <= {*by}:
                theirs, own = by[BACKPROP], by[name]
                ends = (
                    theirs["stable_rate"] / own["unstable_rate"],
                    theirs["unstable_rate"] / own["stable_rate"],
                )
                yield counted_evidence(place, theirs["stable_rate"] / own["stable_rate"], *ends)


def _paper(quantity: str) -> Quantity:
    """A quantity of the table of Baydin et al. 2022, at every rate."""
    by = ("backend", "problem", "learning_rate")

    def of(tables: Tables, chosen: Where) -> Iterator[Evidence]:
        columns = (*by, "quantity", "value", "value_low", "value_high", "n", "n_reached")
        found = select_rows(tables, "baydin", chosen, *columns)
        for place, group in facet_groups(found[found["quantity"] == quantity], by):
            row = group.iloc[0]
            told = {
                "framework": place["framework"],
                "problem": place["problem"],
                "rate": place["learning_rate"],
            }
            yield _censored(told, row, "value")

    return Quantity(of, ("baydin",), ("problem", "learning_rate"), timed=True, logarithmic=True)


def _loss_over(under: str) -> Callable[[Tables, Where], Iterator[Evidence]]:
    """The validation loss at the end over that of another estimator, each at its own best rate."""

    def of(tables: Tables, chosen: Where) -> Iterator[Evidence]:
        name = "valid_loss"
        found = select_rows(tables, "targets", {}, *CELL, "n", name, f"{name}_low", f"{name}_high")
        for place, group in facet_groups(
            found[found[f"{name}_low"].notna()], ["backend", "experiment"]
        ):
            by = by_name(group, "estimator")
            for over in chosen.get("estimator", ()):
                if {over, under} <= {*by}:
                    yield ratio_of_rows(place | {"estimator": over}, by[over], by[under], name)

    return of


def _along_truncated(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """Influence balancing, in which nothing is random: the loss in the end of descent along the truncated gradient over that of the
    truncated gradient itself, by the length of its window; one that diverged has none but infinity."""
    found = select_rows(tables, "final", {}, *CELL, "n_seeds", "n_ok", "final_loss")
    for place, group in facet_groups(
        found[found["experiment"] == "influence_balancing"], ["backend"]
    ):
        losses = group.assign(
            ended=group["final_loss"].where(group["n_ok"] == group["n_seeds"], np.inf)
        )
        by = losses.drop_duplicates("estimator").set_index("estimator")["ended"]
        for name in by.index[by.index.str.startswith("directional_truncated_")]:
            window = name.removeprefix("directional_truncated_")
            if f"truncated_bptt_{window}" in by and np.isfinite(by[name]):
                ratio = by[name] / by[f"truncated_bptt_{window}"]
                # Rounding is the machine's own.
                yield counted_evidence(
                    place | {"window": int(window)}, ratio, 0.99 * ratio, 1.01 * ratio
                )


def _over_plain(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The validation loss in the end of experiments FAMILY_NAME over that of FAMILY_plain_NAME, by estimator, at best rates."""
    name = "valid_loss"
    found = select_rows(
        tables,
        "final",
        _narrowed(chosen),
        *CELL,
        "best_rate",
        "n_ok",
        name,
        f"{name}_low",
        f"{name}_high",
    )
    sound = found[found["best_rate"].astype(bool) & (found[f"{name}_low"] > 0)].rename(
        columns={"n_ok": "n"}
    )
    by = {(row["backend"], row["experiment"], row["estimator"]): row for _, row in sound.iterrows()}
    for (backend, experiment, estimator), row in by.items():
        for family in chosen.get("family", ()):
            plain = by.get(
                (backend, experiment.replace(f"{family}_", f"{family}_plain_", 1), estimator)
            )
            if experiment.startswith(f"{family}_") and plain is not None and plain is not row:
                yield ratio_of_rows(
                    {"framework": backend, "experiment": experiment, "estimator": estimator},
                    row,
                    plain,
                    name,
                )


def _narrowed(chosen: Where) -> Where:
    """What is chosen by columns of the table: a family is told by names of experiments."""
    return {name: values for name, values in chosen.items() if name != "family"}


QUANTITIES = {
    "steps_over_backprop": _reached("steps_over_backprop", timed=False),
    "seconds_over_backprop": _reached("seconds_over_backprop", timed=True),
    "steps_over_backprop_per_dimension": Quantity(
        _per_dimension, ("targets", "final"), CELL, logarithmic=True
    ),
    "backprop_rate_over": Quantity(_best_rate, ("final",), ("estimator",), logarithmic=True),
    "backprop_largest_rate_over": Quantity(
        _borne_rate, ("stability",), ("estimator",), logarithmic=True
    ),
    "accuracy_difference_at_equal_loss": column(
        "equal_loss", "difference", CELL, logarithmic=False
    ),
    "T_f_over_T_b": _paper("T_f_over_T_b"),
    "seconds_forward_over_backprop": _paper("seconds_forward_over_backprop"),
    "loss_over_random_direction": Quantity(
        _loss_over(RANDOM), ("targets",), ("estimator",), logarithmic=True
    ),
    "loss_over_truncated": Quantity(_along_truncated, ("final",), logarithmic=True),
    "power_of_evaluations_in_dimension": column(
        "scaling", "slope", ("problem", "backend", "optimizer", "estimator"), logarithmic=False
    ),
    "loss_over_plain": Quantity(_over_plain, ("final",), ("family", "estimator"), logarithmic=True),
}
