"""Best learning rate of each estimator: the rate from tuning, or else the best of the grid."""

import pandas as pd

from dirgrad.records.best_rate import best_rate
from dirgrad.records.schemas import Stage, TrialStatus

ESTIMATOR_KEYS = ["experiment", "backend", "estimator"]
"""Columns that identify an estimator in a cell."""
RATE_KEYS = [*ESTIMATOR_KEYS, "stage", "learning_rate"]
"""Columns that identify the trials of an estimator at one learning rate."""
TRIAL_KEYS = [*RATE_KEYS, "seed"]
"""Columns that identify a trial."""
JUDGED = ["learning_rate", "status", "final_loss", "valid_loss"]
"""Columns by which the best rate is chosen."""


def best_rates(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the best learning rate per experiment, backend and estimator.

    Only rates of stage `final` are compared, by the rule of `records.best_rate`, by which a search
    ends too. An estimator without a rate at which every trial is `ok` has no row.

    Returns:
        One row per estimator with the columns `RATE_KEYS`.
    """
    final = trials[trials["stage"] == Stage.FINAL]
    rows = []
    for key, group in final.groupby(ESTIMATOR_KEYS, sort=False):
        columns = (group[name] for name in JUDGED)
        judged = [dict(zip(JUDGED, trial, strict=True)) for trial in zip(*columns, strict=True)]
        rate = best_rate(judged)
        if rate is not None:
            rows.append((*key, Stage.FINAL.value, rate))
    return pd.DataFrame(rows, columns=RATE_KEYS).astype(trials[RATE_KEYS].dtypes)


def compared_rates(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the best rates, and for an estimator without one a rate with failed trials.

    This is the rate of stage `final` with the fewest failed trials, and the lower one of two equal
    rates. Without it, an estimator with a few diverged trials would be absent from comparisons.

    Returns:
        One row per estimator with the columns `RATE_KEYS`.
    """
    best = best_rates(trials)
    with_best = {*best[ESTIMATOR_KEYS].itertuples(index=False, name=None)}
    started = (trials["stage"] == Stage.FINAL) & (trials["status"] != TrialStatus.UNSUPPORTED)
    rows = []
    for key, group in trials[started].groupby(ESTIMATOR_KEYS, sort=False):
        if key not in with_best:
            has_failed = group["status"] != TrialStatus.OK
            rate = has_failed.groupby(group["learning_rate"]).sum().idxmin()
            rows.append((*key, Stage.FINAL.value, rate))
    others = pd.DataFrame(rows, columns=RATE_KEYS).astype(trials[RATE_KEYS].dtypes)
    return pd.concat([best, others], ignore_index=True)
