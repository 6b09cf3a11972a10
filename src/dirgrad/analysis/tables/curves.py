"""One row per experiment, backend, estimator, stage, learning rate and step: loss and accuracy along training."""

from typing import Any

import pandas as pd

from dirgrad.analysis.tables.best import RATE, TRIAL
from dirgrad.analysis.tables.summary import Records, columns
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Status

VALUES = ("train_seconds", "loss", "valid_loss", "valid_accuracy", "test_accuracy")


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Inter-quartile means with bootstrap intervals over the trials that are `ok` (`n` of them), at every record point."""
    trials, curves = records["trials"], records["curves"]
    ok = trials.loc[trials["status"] == Status.OK, TRIAL]
    parts = [
        _part(key, group, settings)
        for key, group in curves.merge(ok, on=TRIAL).groupby(RATE, sort=False)
    ]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*RATE, "step", "n"])
    )


def _part(key: tuple[Any, ...], group: pd.DataFrame, settings: Statistics) -> pd.DataFrame:
    by_step = {name: group.pivot(index="step", columns="seed", values=name) for name in VALUES}
    steps = by_step["loss"].index
    part: dict[str, Any] = dict(zip(RATE, key, strict=True)) | {
        "step": steps,
        "n": by_step["loss"].shape[1],
    }
    for name, values in by_step.items():
        part |= columns(name, values.to_numpy(), settings) if values.notna().all(axis=None) else {}
    return pd.DataFrame(part)
