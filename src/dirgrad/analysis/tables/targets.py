"""One row per experiment, backend and estimator: what it takes to come to the experiment's target loss, at its best rate."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.tables.best import CELL, TRIAL, at_best_rates
from dirgrad.analysis.tables.crossing import crossing
from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Status

VALUES = ("final_loss", "train_accuracy", "valid_loss", "test_accuracy")
SPENT = ("steps", "seconds", "evaluations")
COLUMNS = [*CELL, "optimizer", "learning_rate", "target_loss", "n", "n_reached"]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """`*_to_target` is summarised only where every trial reached the target (`n_reached` of `n`); `*_over_backprop` is the ratio to
    the trial of the same seed by backprop, where both reached it in every seed; `*_over_backprop_at_least`, with all that
    was spent where a trial did not reach it, where backprop did in every seed. The target is one of validation loss (of training
    loss without validation); an experiment without a target is left out."""
    found = spent(records)
    if found.empty:
        return pd.DataFrame(columns=COLUMNS)
    base = found[found["estimator_kind"] == "backprop"].set_index(["experiment", "backend", "seed"])
    rows = []
    for key, group in found.groupby(CELL, sort=False):
        rows.append(dict(zip(CELL, key, strict=True)) | _row(group, base, settings))
    return pd.DataFrame(rows)


def spent(records: Records) -> pd.DataFrame:
    """The trials at best rates of experiments with a target, with what each spent until it reached it: `*_to_target`, NaN where it
    did not."""
    trials = records["trials"]
    trials = trials[trials["target_loss"].notna() & (trials["status"] == Status.OK)]
    if trials.empty:
        return trials
    return at_best_rates(trials, records["trials"]).merge(
        _per_trial(trials, records["curves"]), on=TRIAL
    )


def _per_trial(trials: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Steps, seconds and evaluations to the target, a row per trial; NaN where it is not reached."""
    rows = []
    told = trials[[*TRIAL, "target_loss", "steps", "evaluations"]].rename(
        columns={"steps": "all_steps"}
    )
    for key, curve in curves.merge(told, on=TRIAL).groupby(TRIAL, sort=False):
        trial = curve.iloc[0]
        losses = curve["valid_loss"].fillna(curve["loss"]).to_numpy()
        steps, seconds = (
            crossing(curve[name].to_numpy(), losses, trial["target_loss"])
            for name in ("step", "train_seconds")
        )
        each = trial["evaluations"] / trial["all_steps"]
        met = {"steps": steps, "seconds": seconds, "evaluations": steps * each}
        whole = {"steps": curve["step"].iloc[-1], "seconds": curve["train_seconds"].iloc[-1]}
        whole["evaluations"] = whole["steps"] * each
        row = {f"{name}_to_target": value for name, value in met.items()}
        row |= {
            f"{name}_at_least": value if np.isfinite(value) else whole[name]
            for name, value in met.items()
        }
        rows.append(dict(zip(TRIAL, key, strict=True)) | row)
    return pd.DataFrame(rows)


def _row(group: pd.DataFrame, base: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    row = {name: group[name].iloc[0] for name in ("optimizer", "learning_rate", "target_loss")}
    row |= {"n": len(group), "n_reached": int(group["steps_to_target"].notna().sum())}
    for name in VALUES:
        row |= scalars(name, group[name].dropna().to_numpy(), settings)
    paired = base.reindex(pd.MultiIndex.from_frame(group[["experiment", "backend", "seed"]]))
    for name in SPENT:
        own, theirs = (rows[f"{name}_to_target"].to_numpy() for rows in (group, paired))
        row |= scalars(f"{name}_to_target", _all_or_none(own), settings)
        row |= scalars(f"{name}_over_backprop", _all_or_none(own / theirs), settings)
        bound = group[f"{name}_at_least"].to_numpy() / theirs
        row |= scalars(f"{name}_over_backprop_at_least", _all_or_none(bound), settings)
    return row


def _all_or_none(values: np.ndarray) -> np.ndarray:
    """The values if all are finite: a mean over the trials that reached a target would speak for the luckiest alone."""
    return values if np.isfinite(values).all() else values[:0]
