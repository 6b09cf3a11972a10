"""Table `targets`: steps, seconds and evaluations to the target loss of an experiment."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.samples import Samples, bounded_samples, ratio, take
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS, TRIAL_KEYS, at_best_rates
from dirgrad.analysis.tables.crossing import Bracket, crossing, seconds_at
from dirgrad.analysis.tables.summary import Records, bracketed_ratio, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import TrialStatus

RECORDS = ("trials", "curves")
READABLE = True
CAPTION = """
Steps, seconds and loss evaluations until the target loss, each estimator at its own best learning
rate on fresh seeds.
"""

VALUES = ("final_loss", "train_accuracy", "valid_loss", "test_accuracy")
EFFORTS = ("steps", "seconds", "evaluations")
COLUMNS = [*ESTIMATOR_KEYS, "optimizer", "learning_rate", "target_loss", "n", "n_reached"]
OVER_BACKPROP = tuple(f"{name}_over_backprop" for name in EFFORTS)
TO_TARGET = tuple(f"{name}_to_target" for name in EFFORTS)
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "experiment", "estimator"),
    plain=COLUMNS,
    sampled=(*VALUES, *TO_TARGET, *OVER_BACKPROP),
    ratios=("final_loss", "valid_loss", *TO_TARGET, *OVER_BACKPROP),
    timed=("seconds_to_target", "seconds_over_backprop"),
    to_target=(*TO_TARGET, *OVER_BACKPROP),
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per experiment, backend and estimator, at its best learning rate.

    The target is a validation loss, or a training loss without validation data. An experiment
    without a target has no row. EFFORT is `steps`, `seconds` or `evaluations`.

    n, n_reached: number of trials, and of trials that reached the target.
    EFFORT_to_target: effort until the first record point at or below the target. It lies between
        the bounds EFFORT_to_target_from and EFFORT_to_target_to (see `crossing`).
    EFFORT_over_backprop: ratio to the trial by backprop with the same seed, with the bounds that
        follow from both brackets. A trial that missed the target gives a lower bound.

    Values are inter-quartile means with bootstrap intervals. The mean of an effort is null if a
    trial missed the target, or if its bounds are more than 10 % apart.
    """
    trials = trials_to_target(records)
    if trials.empty:
        return pd.DataFrame(columns=COLUMNS)
    is_backprop = trials["estimator_kind"] == "backprop"
    by_cell = dict(iter(trials[is_backprop].groupby(["experiment", "backend"])))
    rows = []
    for key, group in trials.groupby(ESTIMATOR_KEYS, sort=False):
        row = dict(zip(ESTIMATOR_KEYS, key, strict=True))
        rows.append(row | _summary(group, by_cell.get(tuple(key[:2])), settings))
    return pd.DataFrame(rows)


def trials_to_target(records: Records) -> pd.DataFrame:
    """Return the `ok` trials at best rates of experiments with a target, with their effort.

    Besides the columns of `TRIALS`, there are two bounds per effort, `EFFORT_to_target_from` and
    `EFFORT_to_target_to`. If the trial missed the target, the first is the whole effort of the
    trial and the second is infinite.
    """
    trials = records["trials"]
    has_target = trials["target_loss"].notna()
    trials = trials[has_target & (trials["status"] == TrialStatus.OK)]
    if trials.empty:
        return trials
    best = at_best_rates(trials, records["trials"])
    return best.merge(_efforts(trials, records["curves"]), on=TRIAL_KEYS)


def _efforts(trials: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Return one row per trial with its effort to the target."""
    columns = trials[[*TRIAL_KEYS, "target_loss", "steps", "evaluations"]]
    columns = columns.rename(columns={"steps": "all_steps"})
    groups = curves.merge(columns, on=TRIAL_KEYS).groupby(TRIAL_KEYS, sort=False)
    rows = []
    for key, curve in groups:
        row = dict(zip(TRIAL_KEYS, key, strict=True))
        rows.append(row | _effort(curve))
    return pd.DataFrame(rows)


def _effort(curve: pd.DataFrame) -> dict[str, float]:
    """Return the bounds of the effort of one trial to the target, from its curve."""
    trial = curve.iloc[0]
    losses = curve["valid_loss"].fillna(curve["loss"]).to_numpy()
    recorded, seconds = curve["step"].to_numpy(), curve["train_seconds"].to_numpy()
    steps = crossing(recorded, losses, trial["target_loss"])
    per_step = trial["evaluations"] / trial["all_steps"]
    brackets = {
        "steps": steps,
        "seconds": seconds_at(steps, recorded, seconds),
        "evaluations": Bracket(steps.low * per_step, steps.high * per_step),
    }
    row: dict[str, float] = {}
    for name, (low, high) in brackets.items():
        row |= {f"{name}_to_target_from": low, f"{name}_to_target_to": high}
    return row


def effort_samples(trials: pd.DataFrame, effort: str) -> Samples:
    """Return the bounds of an effort, such as `steps`, for the trials of one estimator by seed."""
    by_seed = trials.set_index("seed")
    name = f"{effort}_to_target"
    return bounded_samples(by_seed[f"{name}_from"], by_seed[f"{name}_to"])


def _summary(
    group: pd.DataFrame, backprop: pd.DataFrame | None, settings: Statistics
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in ("optimizer", "learning_rate", "target_loss"):
        row[name] = group[name].iloc[0]
    row["n"] = len(group)
    row["n_reached"] = int(np.isfinite(group["steps_to_target_to"]).sum())
    for name in VALUES:
        row |= scalars(name, group.set_index("seed")[name], settings)
    for name in EFFORTS:
        effort = effort_samples(group, name)
        row |= bracketed_ratio(f"{name}_to_target", effort, settings)
        over_backprop = _over_backprop(group, effort, backprop, name)
        row |= bracketed_ratio(f"{name}_over_backprop", over_backprop, settings)
    return row


def _over_backprop(
    group: pd.DataFrame, effort: Samples, backprop: pd.DataFrame | None, name: str
) -> Samples:
    """Return the effort over the effort of backprop with the same seed."""
    if backprop is None:
        return take(effort, np.array([], int))
    if group["estimator_kind"].iloc[0] == "backprop":
        # The bounds of a trial say nothing about its ratio to itself.
        return Samples(effort.keys, np.ones(effort.n), np.ones(effort.n))
    return ratio(effort, effort_samples(backprop, name))
