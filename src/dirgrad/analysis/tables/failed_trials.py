"""Values of trials that diverged or timed out: they lie between two bounds and are never left out.

A mean over the other trials describes survivors only, and a verdict from it is too favorable.
"""

import numpy as np
import pandas as pd

from dirgrad.analysis.samples import Samples, bounded_samples
from dirgrad.records.schemas import TrialStatus

HIGHEST = {"final_loss": "highest_final_loss", "valid_loss": "highest_valid_loss"}
"""Columns of the highest recorded loss of a trial, by the loss at its end."""


def values_by_seed(trials: pd.DataFrame, name: str) -> Samples:
    """Return a loss or an accuracy of every trial, with bounds where the trial failed.

    The loss of a diverged trial is its highest recorded loss or more. Everything else about a
    failed trial has no bound.

    Args:
        trials: Trials of one estimator at one rate, with distinct seeds. The columns of `HIGHEST`
            are optional; without them the last loss is the highest one.
        name: Column of the value. Without a trial that has it, the result is empty.
    """
    by_seed = trials.set_index("seed")
    values = by_seed[name].astype(float)
    losses = by_seed.get(HIGHEST.get(name, ""), values).astype(float)
    if values.isna().all() and losses.isna().all():
        return bounded_samples(values, values)
    failed = by_seed["status"] != TrialStatus.OK
    has_bound = (by_seed["status"] == TrialStatus.DIVERGED) & (name in HIGHEST)
    lowest = losses.where(has_bound & np.isfinite(losses), -np.inf)
    return bounded_samples(values.mask(failed, lowest), values.mask(failed, np.inf))
