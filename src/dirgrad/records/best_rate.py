"""The best learning rate of an estimator: one rule, by which a search ends and tables choose."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite, isnan
from typing import Any

import numpy as np

from dirgrad.records.schemas import TrialStatus


def best_rate(trials: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the best learning rate of some trials, or None if every rate failed.

    A rate fails if one of its trials is not `ok` or has no finite loss. Among the others, the best
    rate has the lowest mean of the middle half of the losses over its trials, and is the lower one
    of two equal rates. The loss is the validation loss after the last step, or the training loss if
    no trial has a validation loss.

    Args:
        trials: Trials of one estimator and one stage, with the columns `learning_rate`, `status`,
            `final_loss` and, with validation data, `valid_loss` of the schema `TRIALS`.
    """
    validated = any(not _is_null(trial.get("valid_loss")) for trial in trials)
    column = "valid_loss" if validated else "final_loss"
    losses: dict[float, list[float]] = {}
    failed: set[float] = set()
    for trial in trials:
        rate, loss = trial["learning_rate"], trial.get(column)
        if trial["status"] == TrialStatus.OK and loss is not None and isfinite(loss):
            losses.setdefault(rate, []).append(loss)
        else:
            failed.add(rate)
    means = {rate: middle_mean(losses[rate]) for rate in sorted(losses.keys() - failed)}
    return min(means, key=lambda rate: means[rate], default=None)


def middle_mean(values: Iterable[float]) -> float:
    """Return the mean of the middle half of some numbers, the inter-quartile mean of the tables.

    Of n numbers, the n // 4 lowest and as many of the highest are left out. It is written in NumPy,
    so that a job does not import SciPy for it.
    """
    ordered = np.sort(np.fromiter(values, float))
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def _is_null(value: float | None) -> bool:
    return value is None or isnan(value)
