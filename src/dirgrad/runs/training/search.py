"""Search of a learning rate: it goes on beyond an end of its grid at which the best rate lies."""

from collections.abc import Sequence

from dirgrad.config.rates import Tuning
from dirgrad.records.best_rate import best_rate
from dirgrad.records.schemas import TrialStatus
from dirgrad.runs.training.outcomes import Row

NOT_SEARCHED = (TrialStatus.TIMEOUT, TrialStatus.UNSUPPORTED)
"""Outcomes of a trial that say nothing about its learning rate."""


def further_rate(tuning: Tuning, searched: Sequence[Row]) -> float | None:
    """Return the next rate of the search of one estimator, or None if the search ends.

    The search ends if rates on both sides of the best one were searched, whether they failed or
    not. Otherwise the next rate continues the grid beyond the end at which the best rate lies. If
    the trials of every rate diverged, it continues below. The search also ends after
    `tuning.extension` further rates, and if its time is spent.

    Args:
        tuning: the search.
        searched: the trials of the search so far, of one estimator.
    """
    if any(trial["status"] in NOT_SEARCHED for trial in searched):
        return None
    grid = tuning.rates
    rates = sorted({trial["learning_rate"] for trial in searched})
    num_below = sum(rate < grid[0] for rate in rates)
    num_above = sum(rate > grid[-1] for rate in rates)
    if num_below + num_above >= tuning.extension:
        return None
    best = best_rate(searched)
    if best in (None, rates[0]):
        return tuning.rate(-num_below - 1)
    if best == rates[-1]:
        return tuning.rate(len(grid) + num_above)
    return None
