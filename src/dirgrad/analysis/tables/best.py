"""Each estimator at its own best rate: after tuning, the rate that the search found; else the best of the grid."""

import pandas as pd

from dirgrad.analysis.intervals import inter_quartile_mean
from dirgrad.records.schemas import Stage, Status

CELL = ["experiment", "backend", "estimator"]
RATE = [*CELL, "stage", "learning_rate"]
TRIAL = [*RATE, "seed"]


def best_rates(trials: pd.DataFrame) -> pd.DataFrame:
    """The RATE columns of the best rates: per experiment, backend and estimator the one of the lowest validation loss (final
    loss without validation), inter-quartile mean over seeds, among the rates of stage `final` at which no trial failed."""
    final = trials[trials["stage"] == Stage.FINAL]
    judged = final.assign(judged=final["valid_loss"].fillna(final["final_loss"]))
    rates = judged.groupby(RATE, sort=False).agg(
        failed=("status", lambda status: (status != Status.OK).any()),
        judged=("judged", lambda losses: float(inter_quartile_mean(losses.to_numpy()))),
    )
    sound = rates[~rates["failed"].astype(bool)].reset_index()
    return sound.loc[sound.groupby(CELL, sort=False)["judged"].idxmin(), RATE].reset_index(
        drop=True
    )


def at_best_rates(rows: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """The rows, of trials or of curves, that are of a best rate."""
    return rows.merge(best_rates(trials), on=RATE)
