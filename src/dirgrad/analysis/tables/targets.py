"""Table `targets`: steps, seconds and evaluations to the target loss of an experiment."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.samples import Samples, bounded_samples, ratio, take
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS, RATE_KEYS, TRIAL_KEYS, compared_rates
from dirgrad.analysis.tables.crossing import Bracket, crossing, seconds_at
from dirgrad.analysis.tables.failed_trials import HIGHEST, values_by_seed
from dirgrad.analysis.tables.summary import Records, bracketed_ratio, mean_of_exact
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

    An estimator without a best rate is shown at the rate with the fewest failed trials. A trial
    that diverged or timed out misses the target, unless its curve had reached it before. The loss
    of a diverged trial is its highest recorded loss or more; all else about a failed trial has no
    bound. The mean of a value is null if a trial failed.

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
    """Return the trials of experiments with a target, at the rates of `compared_rates`.

    Besides the columns of `TRIALS`, there are two bounds per effort, `EFFORT_to_target_from` and
    `EFFORT_to_target_to`. If the trial missed the target, the first is the whole effort of the
    trial and the second is infinite. The columns `highest_final_loss` and `highest_valid_loss` are
    the highest losses of its curve.
    """
    trials = records["trials"]
    started = trials["target_loss"].notna() & (trials["status"] != TrialStatus.UNSUPPORTED)
    trials = trials[started]
    if trials.empty:
        return trials
    compared = trials.merge(compared_rates(records["trials"]), on=RATE_KEYS)
    compared = compared.merge(_efforts(compared, records["curves"]), how="left", on=TRIAL_KEYS)
    # A trial that never started has no curve.
    no_curve = dict.fromkeys((f"{name}_from" for name in TO_TARGET), 0.0)
    return compared.fillna(no_curve | dict.fromkeys((f"{name}_to" for name in TO_TARGET), np.inf))


def _efforts(trials: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Return one row per trial with its effort to the target."""
    facts = trials[[*TRIAL_KEYS, "target_loss", "steps", "evaluations"]]
    facts = facts.rename(columns={"steps": "all_steps"})
    groups = curves.merge(facts, on=TRIAL_KEYS).groupby(TRIAL_KEYS, sort=False)
    rows = []
    for key, curve in groups:
        row = dict(zip(TRIAL_KEYS, key, strict=True))
        rows.append(row | _effort(curve) | _highest_losses(curve))
    if rows:
        return pd.DataFrame(rows)
    bounds = [f"{name}_{end}" for name in TO_TARGET for end in ("from", "to")]
    columns = dict.fromkeys((*bounds, *HIGHEST.values()), np.nan)
    return trials[TRIAL_KEYS].head(0).assign(**columns)


def _highest_losses(curve: pd.DataFrame) -> dict[str, float]:
    """Return the highest finite losses of a curve."""
    finite = curve[["loss", "valid_loss"]].astype(float).replace(np.inf, np.nan).max()
    return dict(zip(HIGHEST.values(), finite, strict=True))


def _effort(curve: pd.DataFrame) -> dict[str, float]:
    """Return the bounds of the effort of one trial to the target, from its curve."""
    trial = curve.iloc[0]
    losses = curve["valid_loss"].fillna(curve["loss"]).to_numpy()
    recorded, seconds = curve["step"].to_numpy(), curve["train_seconds"].to_numpy()
    steps = crossing(recorded, losses, trial["target_loss"])
    per_step = trial["evaluations"] / max(trial["all_steps"], 1)
    evaluations = steps.high * per_step if np.isfinite(steps.high) else np.inf
    brackets = {
        "steps": steps,
        "seconds": seconds_at(steps, recorded, seconds),
        "evaluations": Bracket(steps.low * per_step, evaluations),
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
        row |= mean_of_exact(name, values_by_seed(group, name), settings)
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
