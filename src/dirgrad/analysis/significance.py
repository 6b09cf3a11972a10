"""Tests of a mean: Student's t, sign flips, and the method of Holm for several tests."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np
from scipy import special

MIN_FLIPPED = 8
"""Minimum number of values for the sign-flip test."""
RESAMPLES = 9_999
"""Number of random sign flips where there are more possible ones; all are tried otherwise."""
SPREAD = 1e-6
"""Relative spread of the values below which it is rounding error."""
Test: TypeAlias = Callable[[np.ndarray], float]
"""Maps values, (n,), to the p-value of "their mean is 0 or less"."""


def has_spread(values: np.ndarray) -> bool:
    """Return whether the values, (n,), differ by more than rounding."""
    spread = values.max() - values.min()
    return bool(spread > SPREAD * np.abs(values).max())


def student(values: np.ndarray) -> float:
    """Return the p-value of Student's one-sided t test of "the mean is 0 or less"; values (n,)."""
    if not has_spread(values):
        return 1.0
    n = len(values)
    t = values.mean() * np.sqrt(n) / values.std(ddof=1)
    return float(special.stdtr(n - 1, -t))


def two_sided_student(t: float, n: int) -> float:
    """Return the two-sided p-value of Student's t of n values."""
    return float(2 * special.stdtr(n - 1, -abs(t)))


def student_quantile(confidence: float, n: int) -> float:
    """Return the half width of Student's interval for n values, in standard errors."""
    return float(special.stdtrit(n - 1, (1 + confidence) / 2))


def sign_flip(values: np.ndarray) -> float:
    """Return the p-value of the one-sided sign-flip test of "the mean is 0 or less"; values (n,).

    It is the share of sign changes whose mean is at least as large. `scipy.stats.permutation_test`
    gives the same number a hundred times more slowly.
    """
    signs = _sign_changes(len(values))
    rounding = 1e-12 * float(np.abs(values).sum())
    return float((signs @ values >= values.sum() - rounding).mean())


@cache
def _sign_changes(n: int) -> np.ndarray:
    """Return sign changes of n values, (changes, n): all if there are few, else random ones.

    The first change is none, so that no p-value is zero.
    """
    if 2**n <= RESAMPLES:
        bits = np.arange(2**n)[:, None] >> np.arange(n)
        return 1.0 - 2.0 * (bits & 1)
    random = np.random.default_rng(0).choice([-1.0, 1.0], (RESAMPLES, n))
    return np.vstack([np.ones(n), random])


def choose_test(n: int, family: int, level: float) -> Test:
    """Return the test for n values.

    The smallest two-sided p-value of the sign-flip test is 2^(1 - n). Where Holm's factor, the size
    of the family, lifts it above the level, the test could never decide and Student's t is used.
    """
    can_decide = 2.0 ** (1 - n) * family <= level
    return sign_flip if n >= MIN_FLIPPED and can_decide else student


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return the p-values, (m,), adjusted by the method of Holm (1979).

    The i-th smallest of the m p-values is multiplied by m - i + 1. The products are then raised
    where needed so that they increase with the p-values.
    """
    order = np.argsort(p_values)
    steps = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(1.0, steps)
    return adjusted
