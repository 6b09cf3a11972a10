"""Table `sweeps`: loss evaluations and passes to a target, against one number at a time."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.samples import Samples
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS
from dirgrad.analysis.tables.families import ABSCISSAS, SHARED, Family, families
from dirgrad.analysis.tables.summary import Records, bracketed_ratio, with_all_columns
from dirgrad.analysis.tables.targets import effort_samples
from dirgrad.config.settings import Statistics
from dirgrad.core import theory
from dirgrad.records.statuses import measured

RECORDS = ("trials", "curves", "cost")
READABLE = True
CAPTION = """
Loss evaluations to a target, against one number at a time: the dimension, the nonzero coefficients
of the solution, the directions per step, and the support of a direction. Each estimator is at its
own tuned rate, which has the lowest loss after all steps of the search and not the fewest
evaluations. Passes are evaluations of the loss function that take as long. With hard thresholding,
the optimizer keeps twice as many coefficients as the solution has.
"""

EFFORTS = ("evaluations_to_target", "passes_to_target")
WORKLOAD = ["backend", "problem_kind", "dimension", "estimator"]
"""Columns of a cost in which it agrees with a trial."""
COLUMNS = (
    "abscissa",
    "x",
    *SHARED,
    *ABSCISSAS,
    "keep",
    "experiment",
    "estimator",
    "learning_rate",
    "n",
    "n_reached",
    "evaluations_theory",
)
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "optimizer", "estimator", "abscissa", "x"),
    keys=("experiment", "problem", "target_loss"),
    plain=COLUMNS,
    sampled=EFFORTS,
    ratios=EFFORTS,
    timed=("passes_to_target",),
    to_target=EFFORTS,
    names={"abscissa": ABSCISSAS},
    folders={"problem": "problems"},
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per abscissa, family of trials (see `families`) and estimator.

    x: value of the abscissa.
    n, n_reached: number of trials, and of trials that reached the target.
    evaluations_to_target: evaluations until the first record point at or below the target; each
        directional derivative counts as one. The mean is null, and the column is a lower bound, if
        a trial missed the target.
    passes_to_target: time of the estimates to the target, in units of the loss function's time, as
        the records `cost` have it. It is null unless exactly one workload has the same framework,
        kind of problem, dimension and estimator. Trial i is multiplied by the cost in round i, so
        the values contain the noise of both; there are as many as the fewer of trials and rounds.
    evaluations_theory: K - 1 + M of `theory.evaluations_scale`, to which evaluations should be
        proportional. It is null unless the law is `sphere` or `random_support` and the number of
        nonzeros is declared.
    """
    costs = _costs(records["cost"])
    rows: list[dict[str, Any]] = []
    for family in families(records):
        for _, trials in family.trials.groupby(ESTIMATOR_KEYS, sort=False):
            rows.append(_row(family, trials, costs, settings))
    table = with_all_columns(rows, COLUMN_ROLES)
    return table[[*COLUMN_ROLES.file_columns()]]


def _row(
    family: Family,
    trials: pd.DataFrame,
    costs: dict[tuple[Any, ...], np.ndarray],
    settings: Statistics,
) -> dict[str, Any]:
    first = trials.iloc[0]
    evaluations = effort_samples(trials, "evaluations")
    row: dict[str, Any] = {"abscissa": family.abscissa, "x": first[family.abscissa]}
    row |= {name: first[name] for name in COLUMNS if name in trials}
    row |= {
        "n": evaluations.n,
        "n_reached": int(np.isfinite(evaluations.high).sum()),
        "evaluations_theory": evaluations_theory(first),
    }
    row |= bracketed_ratio("evaluations_to_target", evaluations, settings)
    workload = tuple(first[name] for name in ("backend", "problem", "dimension", "estimator"))
    passes = _passes(effort_samples(trials, "steps"), costs.get(workload, np.empty(0)))
    return row | bracketed_ratio("passes_to_target", passes, settings)


def evaluations_theory(trial: "pd.Series[Any]") -> float:
    """Return K - 1 + M (see `theory.evaluations_scale`) of a trial, or NaN without a closed form.

    An iterate, the next iterate and the solution have at most 2 k + k* nonzero coordinates under
    hard thresholding. Other optimizers move on all coordinates.
    """
    dimension, nonzeros, keep = (trial[name] for name in ("dimension", "nonzeros", "keep"))
    support = dimension if trial["direction"] == "sphere" else trial["support"]
    if trial["direction"] not in ("sphere", "random_support") or np.isnan(nonzeros):
        return np.nan
    part = dimension if np.isnan(keep) else min(2 * keep + nonzeros, dimension)
    mean_square = theory.mean_square_on_part(support, part, dimension, share=1.0)
    return theory.evaluations_scale(trial["num_directions"], mean_square)


def _costs(cost: pd.DataFrame) -> dict[tuple[Any, ...], np.ndarray]:
    """Return the time of an estimate over the time of the loss, by workload: (rounds,)."""
    rows = measured(cost)
    keys = ["cost", "problem", "batch_size", *WORKLOAD[:3], "round"]
    forward = rows[rows["part"] == "forward"].set_index(keys)["seconds"]
    gradient = rows[rows["part"] == "gradient"].set_index([*keys, "estimator"])["seconds"]
    ratios = gradient.rename("gradient").reset_index().join(forward.rename("forward"), on=keys)
    costs: dict[tuple[Any, ...], np.ndarray] = {}
    for workload, group in ratios.groupby(WORKLOAD, sort=False):
        if len(group[["cost", "problem", "batch_size"]].drop_duplicates()) == 1:
            by_round = group.sort_values("round")
            costs[workload] = (by_round["gradient"] / by_round["forward"]).to_numpy()
    return costs


def _passes(steps: Samples, costs: np.ndarray) -> Samples:
    """Return steps times the cost of an estimate, trial i with round i."""
    n = min(steps.n, len(costs))
    return Samples(steps.keys[:n], steps.low[:n] * costs[:n], steps.high[:n] * costs[:n])
