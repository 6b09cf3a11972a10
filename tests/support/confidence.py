"""Bounds for statistical tests that rarely fail by chance."""

from scipy import stats

FALSE_ALARM = 1e-6
"""Probability that a correct program fails a test."""


def z_bound(num_comparisons: int) -> float:
    """Return the bound on |z| for a number of standard normal z.

    The probability that at least one |z| exceeds the bound is at most FALSE_ALARM.
    """
    return float(stats.norm.ppf(1 - FALSE_ALARM / (2 * num_comparisons)))
