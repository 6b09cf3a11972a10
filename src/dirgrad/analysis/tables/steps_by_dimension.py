"""Table `steps_by_dimension`: steps to a target over backprop's, by dimension and directions."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.samples import ratio
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS
from dirgrad.analysis.tables.summary import Records, bracketed_ratio, with_all_columns
from dirgrad.analysis.tables.targets import effort_samples, trials_to_target
from dirgrad.config.settings import Statistics

RECORDS = ("trials", "curves")
SUBJECTS = ("training/quadratic_d10", "training/quadratic_d10_backprop")
READABLE = True
CAPTION = """
Steps to a target loss over backprop's, by the dimension of a quadratic and the directions per step.
Each estimator is at its own best learning rate. Backprop has an experiment of its own, because its
search takes fewer steps. The closed form (d + K + 1)/K is exact for equal curvatures and one step.
"""

PROBLEM = "quadratic"
BACKPROP = "backprop"
WORKLOAD = ["problem", "backend", "dimension", "optimizer", "target_loss"]
"""Columns in which trials agree whose steps are compared."""
COLUMNS = (
    *WORKLOAD,
    "experiment",
    "estimator",
    "estimator_kind",
    "direction",
    "num_directions",
    "learning_rate",
    "learning_rate_backprop",
    "n",
    "n_reached",
    "steps_over_backprop_theory",
)
STEPS = "steps_over_backprop"
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "estimator", "dimension"),
    keys=("experiment", "target_loss"),
    plain=COLUMNS,
    sampled=(STEPS,),
    ratios=(STEPS,),
    to_target=(STEPS,),
    folders={"problem": "problems"},
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per dimension and forward gradient on a quadratic.

    Backprop's trials belong to another experiment with the same values of `WORKLOAD`. A workload
    with several experiments by backprop, or with none, has no rows.

    n, n_reached: number of trials, and of trials that reached the target.
    steps_over_backprop: steps to the target over backprop's with the same seed; see `targets`.
    steps_over_backprop_theory: `isotropic_progress_ratio` for Gaussian directions.
    """
    trials = trials_to_target(records)
    rows: list[dict[str, Any]] = []
    for _, workload in trials[trials["problem"] == PROBLEM].groupby(WORKLOAD, sort=False):
        is_backprop = workload["estimator_kind"] == BACKPROP
        backprop, others = workload[is_backprop], workload[~is_backprop]
        if backprop["experiment"].nunique() == 1:
            for _, group in others.groupby(ESTIMATOR_KEYS, sort=False):
                rows.append(_row(group, backprop, settings))
    return with_all_columns(rows, COLUMN_ROLES)[[*COLUMN_ROLES.file_columns()]]


def _row(group: pd.DataFrame, backprop: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    first = group.iloc[0]
    steps = ratio(effort_samples(group, "steps"), effort_samples(backprop, "steps"))
    row: dict[str, Any] = {name: first[name] for name in COLUMNS if name in group}
    row |= {
        "learning_rate_backprop": backprop["learning_rate"].iloc[0],
        "n": steps.n,
        "n_reached": int(np.isfinite(steps.high).sum()),
        "steps_over_backprop_theory": _closed_form(first),
    }
    return row | bracketed_ratio(STEPS, steps, settings)


def _closed_form(trial: "pd.Series[Any]") -> float:
    if trial["direction"] != "gaussian":
        return np.nan
    return isotropic_progress_ratio(trial["dimension"], trial["num_directions"])


def isotropic_progress_ratio(dimension: int, num_directions: int) -> float:
    """Return how much further a step by backprop lowers (l/2) ||x||^2 than K Gaussian directions.

    Both are at the rate at which the expected loss falls most in a step.

    Derivation: the estimate e is the mean of (g . v_j) v_j over j < K, with E[e] = g and
    E||e||^2 = (1 + (d + 1)/K) ||g||^2. A step at the rate eta changes the expected loss by
    -eta ||g||^2 + (eta^2 l / 2) E||e||^2. The best rate is eta = K / (l (d + K + 1)), and the loss
    falls by eta ||g||^2 / 2. Backprop has the rate 1/l. The result is the quotient of the two
    rates, (d + K + 1)/K.

    Args:
        dimension: d.
        num_directions: K.
    """
    return (dimension + num_directions + 1) / num_directions
