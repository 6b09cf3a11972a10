"""Table `curves`: loss and accuracy at every record point, averaged over seeds."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.tables.best import RATE_KEYS, TRIAL_KEYS
from dirgrad.analysis.tables.summary import Records, columns
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import TrialStatus

RECORDS = ("trials", "curves")
READABLE = False
CAPTION = """
Loss and accuracy at every record point of training: inter-quartile mean and bootstrap interval
over seeds.
"""

VALUES = ("train_seconds", "loss", "valid_loss", "valid_accuracy", "test_accuracy")


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per experiment, backend, estimator, stage, learning rate and step.

    Values are inter-quartile means with bootstrap intervals over the `n` trials that are `ok`.
    """
    trials = records["trials"]
    ok = trials.loc[trials["status"] == TrialStatus.OK, TRIAL_KEYS]
    curves = records["curves"].merge(ok, on=TRIAL_KEYS)
    groups = curves.groupby(RATE_KEYS, sort=False)
    parts = [_mean_curve(key, group, settings) for key, group in groups]
    if not parts:
        return pd.DataFrame(columns=[*RATE_KEYS, "step", "n"])
    return pd.concat(parts, ignore_index=True)


def _mean_curve(key: tuple[Any, ...], group: pd.DataFrame, settings: Statistics) -> pd.DataFrame:
    """Return the rows of one learning rate."""
    by_step = group.pivot(index="step", columns="seed", values=[*VALUES])
    curve: dict[str, Any] = dict(zip(RATE_KEYS, key, strict=True))
    curve["step"] = by_step.index
    curve["n"] = by_step["loss"].shape[1]
    for name in VALUES:
        values = by_step[name].to_numpy(float)
        if not np.isnan(values).any():
            curve |= columns(name, values, settings)
    return pd.DataFrame(curve)
