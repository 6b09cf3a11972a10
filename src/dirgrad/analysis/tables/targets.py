"""Table `targets`: steps, seconds and evaluations to the target loss of an experiment."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS, TRIAL_KEYS, at_best_rates
from dirgrad.analysis.tables.crossing import crossing
from dirgrad.analysis.tables.summary import Records, scalars
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
PAIR_KEYS = ["experiment", "backend", "seed"]
"""Columns that identify the trial of backprop with which a trial is paired."""
OVER_BACKPROP = tuple(f"{name}_over_backprop" for name in EFFORTS)
TO_TARGET = tuple(f"{name}_to_target" for name in EFFORTS)
BOUNDS = tuple(f"{name}_at_least" for name in OVER_BACKPROP)
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "experiment", "estimator"),
    plain=COLUMNS,
    sampled=(*VALUES, *TO_TARGET, *OVER_BACKPROP, *BOUNDS),
    ratios=("final_loss", "valid_loss", *TO_TARGET, *OVER_BACKPROP, *BOUNDS),
    timed=("seconds_to_target", "seconds_over_backprop", "seconds_over_backprop_at_least"),
    to_target=(*TO_TARGET, *OVER_BACKPROP),
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per experiment, backend and estimator, at its best learning rate.

    The target is a validation loss, or a training loss without validation data. An experiment
    without a target has no row. EFFORT is `steps`, `seconds` or `evaluations`.

    n, n_reached: number of trials, and of trials that reached the target.
    EFFORT_to_target: only if all trials reached the target.
    EFFORT_over_backprop: ratio to the trial by backprop with the same seed, only if both reached
        the target for every seed.
    EFFORT_over_backprop_at_least: lower bound of this ratio, only if backprop reached the target
        for every seed. A trial that missed the target counts with its whole effort.

    Values are inter-quartile means with bootstrap intervals.
    """
    trials = trials_to_target(records)
    if trials.empty:
        return pd.DataFrame(columns=COLUMNS)
    backprop = trials[trials["estimator_kind"] == "backprop"].set_index(PAIR_KEYS)
    rows = []
    for key, group in trials.groupby(ESTIMATOR_KEYS, sort=False):
        row = dict(zip(ESTIMATOR_KEYS, key, strict=True))
        rows.append(row | _summary(group, backprop, settings))
    return pd.DataFrame(rows)


def trials_to_target(records: Records) -> pd.DataFrame:
    """Return the `ok` trials at best rates of experiments with a target, with their effort.

    Besides the columns of `TRIALS`, there are two columns per effort. `EFFORT_to_target` is NaN
    if the trial missed the target; `EFFORT_at_least` is then the whole effort of the trial.
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


def _effort(curve: pd.DataFrame) -> dict[str, Any]:
    """Return the effort of one trial to the target, from its curve."""
    trial = curve.iloc[0]
    target = trial["target_loss"]
    losses = curve["valid_loss"].fillna(curve["loss"]).to_numpy()
    steps = crossing(curve["step"].to_numpy(), losses, target)
    seconds = crossing(curve["train_seconds"].to_numpy(), losses, target)
    per_step = trial["evaluations"] / trial["all_steps"]
    all_steps = curve["step"].iloc[-1]
    to_target = {"steps": steps, "seconds": seconds, "evaluations": steps * per_step}
    whole = {
        "steps": all_steps,
        "seconds": curve["train_seconds"].iloc[-1],
        "evaluations": all_steps * per_step,
    }
    row = {f"{name}_to_target": value for name, value in to_target.items()}
    for name, value in to_target.items():
        row[f"{name}_at_least"] = value if np.isfinite(value) else whole[name]
    return row


def _summary(group: pd.DataFrame, backprop: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in ("optimizer", "learning_rate", "target_loss"):
        row[name] = group[name].iloc[0]
    row["n"] = len(group)
    row["n_reached"] = int(group["steps_to_target"].notna().sum())
    for name in VALUES:
        row |= scalars(name, group[name].dropna().to_numpy(), settings)
    paired = backprop.reindex(pd.MultiIndex.from_frame(group[PAIR_KEYS]))
    for name in EFFORTS:
        effort = group[f"{name}_to_target"].to_numpy()
        reference = paired[f"{name}_to_target"].to_numpy()
        bound = group[f"{name}_at_least"].to_numpy() / reference
        row |= scalars(f"{name}_to_target", _all_or_none(effort), settings)
        row |= scalars(f"{name}_over_backprop", _all_or_none(effort / reference), settings)
        row |= scalars(f"{name}_over_backprop_at_least", _all_or_none(bound), settings)
    return row


def _all_or_none(values: np.ndarray) -> np.ndarray:
    """Return the values if all are finite, else none.

    A mean over only the trials that reached the target would favor an estimator that rarely does.
    """
    return values if np.isfinite(values).all() else values[:0]
