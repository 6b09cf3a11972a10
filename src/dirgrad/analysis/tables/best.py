"""Best learning rate of each estimator: the rate from tuning, or else the best of the grid."""

import numpy as np
import pandas as pd

from dirgrad.analysis.intervals import inter_quartile_mean
from dirgrad.records.schemas import Stage, TrialStatus

ESTIMATOR_KEYS = ["experiment", "backend", "estimator"]
"""Columns that identify an estimator in a cell."""
RATE_KEYS = [*ESTIMATOR_KEYS, "stage", "learning_rate"]
"""Columns that identify the trials of an estimator at one learning rate."""
TRIAL_KEYS = [*RATE_KEYS, "seed"]
"""Columns that identify a trial."""


def best_rates(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the best learning rate per experiment, backend and estimator.

    Only rates of stage `final` at which every trial is `ok` are compared. The best rate has the
    lowest inter-quartile mean over seeds of the validation loss, or of the final training loss
    without validation data. An estimator without such a rate has no row.

    Returns:
        One row per estimator with the columns `RATE_KEYS`.
    """
    final = trials[trials["stage"] == Stage.FINAL]
    losses = final["valid_loss"].fillna(final["final_loss"])
    groups = final.assign(compared_loss=losses).groupby(RATE_KEYS, sort=False)
    rates = groups.agg(failed=("status", _any_failed), compared_loss=("compared_loss", _mean_loss))
    valid = rates[~rates["failed"].astype(bool)].reset_index()
    best = valid.groupby(ESTIMATOR_KEYS, sort=False)["compared_loss"].idxmin()
    return valid.loc[best, RATE_KEYS].reset_index(drop=True)


def at_best_rates(rows: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Return the rows (of trials or of curves) that belong to a best learning rate."""
    return rows.merge(best_rates(trials), on=RATE_KEYS)


def _any_failed(status: pd.Series) -> bool:
    return bool((status != TrialStatus.OK).any())


def _mean_loss(losses: pd.Series) -> float:
    values: np.ndarray = losses.to_numpy()
    return float(inter_quartile_mean(values))
