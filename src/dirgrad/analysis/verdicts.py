"""Turn measured values with intervals into verdicts about claims.

Student's t test compares a sampled value with the criterion of a claim. The standard error comes
from the interval in the tables: half its width, divided by the normal quantile. An inter-quartile
mean of n values averages the middle h = n - 2 floor(n/4) of them. With few seeds a percentile
bootstrap interval is too narrow. Two corrections repair this:

- The bootstrap resamples the sample as if it were the population. This makes the variance too small
  by the factor (h - 1)/h, so the standard error is multiplied by sqrt(h/(h - 1)).
- The t distribution has h - 1 degrees of freedom (Yuen 1974), but at least 3. Five values would
  leave only 2.

`dirgrad calibration` prints how often the resulting verdicts are wrong without an effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy import stats

from dirgrad.analysis.facets import Facets, conditions

MIN_VALUES = 5
"""Minimum number of values; with fewer the verdict is inconclusive."""
SPREAD = 1e-6
"""Relative width of an interval below which its width is rounding error."""
Tail: TypeAlias = Callable[[float], float]
"""Maps a number x to a p-value; a small p-value shows that the quantity is above (below) x."""


class Outcome(StrEnum):
    """The verdict that one measured value gives on a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "inconclusive"


NOT_RUN = "not run in this tier"


@dataclass(frozen=True)
class Evidence:
    """A measured value with its interval.

    Attributes:
        facets: Where it was measured.
        value: The measured value.
        low: Lower end of its interval, at the confidence level of the tables.
        high: Upper end of its interval.
        n: Sample size.
        counted: Whether the value was counted, not sampled; `low` and `high` are then hard bounds.
        logarithmic: Whether the value is a ratio, whose logarithm is closer to normal.
        at_least: Whether the quantity is `value` or more.
        n_same_side: Number of the n samples that lie on the side of `value`, for a sign test; set
            only if the mean does not exist and `value` is infinite.
    """

    facets: Facets
    value: float
    low: float = float("nan")
    high: float = float("nan")
    n: int = 0
    counted: bool = False
    logarithmic: bool = False
    at_least: bool = False
    n_same_side: int | None = None


@dataclass(frozen=True)
class Interval:
    """The criterion of a claim: its quantity lies inside or outside a range of numbers.

    Attributes:
        low: Lower end, may be infinite.
        high: Upper end, may be infinite.
        inside: Whether the claim holds inside the range, not outside.
        strict: Whether the ends do not belong to the range.
    """

    low: float = -np.inf
    high: float = np.inf
    inside: bool = True
    strict: bool = False

    def is_met_by(self, value: float) -> bool:
        """Return whether an exactly known value satisfies the criterion."""
        if self.strict:
            return (self.low < value < self.high) is self.inside
        rounding = 1e-9 * abs(value) if np.isfinite(value) else 0.0
        return (self.low - rounding <= value <= self.high + rounding) is self.inside


class Decision(NamedTuple):
    """The outcome for one measured value.

    Attributes:
        outcome: The verdict that this value gives.
        p_value: Two-sided p-value, not adjusted.
        adjusted: The p-value adjusted by Holm over all values that were decided together.
    """

    outcome: Outcome
    p_value: float
    adjusted: float


def standard_error(evidence: Evidence, confidence: float) -> float:
    """Return the standard error of the value, or of its logarithm if it is a ratio.

    It is half the width of the interval over the normal quantile, times sqrt(h/(h - 1)), where h is
    the number of values that the inter-quartile mean averages.
    """
    low, high = _transform(evidence)(np.array([evidence.low, evidence.high]))
    h = n_kept(evidence.n)
    return float((high - low) / 2 / stats.norm.ppf((1 + confidence) / 2) * np.sqrt(h / (h - 1)))


def n_kept(n: int) -> int:
    """Return how many of n values the inter-quartile mean averages."""
    return n - 2 * (n // 4)


def degrees_of_freedom(n: int) -> int:
    """Return the degrees of freedom of an inter-quartile mean of n values, at least 3."""
    return max(3, n_kept(n) - 1)


def p_values(evidence: Evidence, criterion: Interval, confidence: float) -> tuple[float, float]:
    """Return the one-sided p-values of two null hypotheses about a claim.

    Returns:
        The p-value of "the claim is false" and the p-value of "the claim is true". A small first
        one supports the claim, a small second one refutes it. Both are 1 if the evidence cannot
        decide.
    """
    if evidence.counted:
        return _p_values_of_count(evidence, criterion)
    if evidence.n < MIN_VALUES or np.isnan(evidence.value):
        return 1.0, 1.0
    if evidence.logarithmic and not evidence.low > 0:
        return 1.0, 1.0
    above, below = _tails(evidence, confidence)
    # To be inside, the value must be above the lower end and below the upper end. To be outside, it
    # must pass only one end, and it cannot pass both, so the smaller p-value needs no correction.
    inside = max(above(criterion.low), below(criterion.high))
    outside = min(below(criterion.low), above(criterion.high))
    return (inside, outside) if criterion.inside else (outside, inside)


def _p_values_of_count(evidence: Evidence, criterion: Interval) -> tuple[float, float]:
    bounds = (evidence.low, evidence.high)
    low, high = (evidence.value if np.isnan(bound) else bound for bound in bounds)
    met = {criterion.is_met_by(low), criterion.is_met_by(high)}
    # Bounds on both sides of an excluded range meet the criterion, but the value may not.
    spans = not criterion.inside and low < criterion.low and high > criterion.high
    if len(met) > 1 or spans:
        return 1.0, 1.0
    return (0.0, 1.0) if met == {True} else (1.0, 0.0)


def _tails(evidence: Evidence, confidence: float) -> tuple[Tail, Tail]:
    """Return the p-values for "the quantity is above x" and "it is below x", as functions of x."""
    if evidence.n_same_side is not None:
        return _sign_test_tails(evidence, evidence.n_same_side)
    if not evidence.high - evidence.low > SPREAD * abs(evidence.value):
        # Equal values are not n samples: trials in lanes, for example, share one clock.
        return lambda _: 1.0, lambda _: 1.0
    return _student_tails(evidence, confidence)


def _sign_test_tails(evidence: Evidence, n_same_side: int) -> tuple[Tail, Tail]:
    p_value = float(stats.binom.sf(n_same_side - 1, evidence.n, 0.5))

    def above(end: float) -> float:
        # Every quantity is above minus infinity, and below plus infinity.
        if end == -np.inf:
            return 0.0
        return p_value if evidence.value > end else 1.0

    def below(end: float) -> float:
        if end == np.inf:
            return 0.0
        return p_value if evidence.value < end else 1.0

    return above, below


def _student_tails(evidence: Evidence, confidence: float) -> tuple[Tail, Tail]:
    transform = _transform(evidence)
    error = standard_error(evidence, confidence)
    freedom = degrees_of_freedom(evidence.n)

    def t_statistic(end: float) -> float:
        return float(transform(evidence.value) - transform(end)) / error

    def above(end: float) -> float:
        return float(stats.t.sf(t_statistic(end), freedom))

    def below(end: float) -> float:
        if evidence.at_least and np.isfinite(end):
            return 1.0
        return float(stats.t.cdf(t_statistic(end), freedom))

    return above, below


def _transform(evidence: Evidence) -> Callable[..., np.ndarray]:
    return _logarithm if evidence.logarithmic else np.asarray


def _logarithm(values: np.ndarray | float) -> np.ndarray:
    """Return log(values), and -inf for values that are not positive."""
    numbers = np.asarray(values, float)
    return np.where(numbers > 0, np.log(np.maximum(numbers, np.finfo(float).tiny)), -np.inf)


def decide(pairs: Sequence[tuple[Evidence, Interval]], confidence: float) -> list[Decision]:
    """Test every measured value against its criterion.

    The probability that any sampled value gets a wrong outcome is at most 1 - confidence: the
    p-values are two-sided and adjusted by Holm over all sampled values. Holm's method allows any
    dependence between them. Counted values are not adjusted.
    """
    sides = [p_values(evidence, criterion, confidence) for evidence, criterion in pairs]
    raw = np.array([min(1.0, 2 * min(side)) for side in sides])
    sampled = [i for i, (evidence, _) in enumerate(pairs) if not evidence.counted]
    adjusted = raw.copy()
    adjusted[sampled] = holm(raw[sampled])
    level = 1 - confidence
    return [
        Decision(_outcome(side, p_adjusted, level), float(p_raw), float(p_adjusted))
        for side, p_raw, p_adjusted in zip(sides, raw, adjusted, strict=True)
    ]


def _outcome(side: tuple[float, float], p_adjusted: float, level: float) -> Outcome:
    if p_adjusted > level:
        return Outcome.OPEN
    p_if_false, p_if_true = side
    return Outcome.HOLDS if p_if_false < p_if_true else Outcome.FAILS


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


def verdict(facets: Sequence[Facets], outcomes: Sequence[Outcome]) -> str:
    """Return the verdict over all measured values of a claim, given by facets and outcomes.

    A claim that holds for some values and not for others `holds only when` the facets have certain
    values. A claim that holds nowhere and fails somewhere `does not hold`.
    """
    distinct = set(outcomes)
    if not distinct:
        return NOT_RUN
    if Outcome.HOLDS not in distinct:
        return str(Outcome.FAILS if Outcome.FAILS in distinct else Outcome.OPEN)
    if distinct == {Outcome.HOLDS}:
        return str(Outcome.HOLDS)
    pairs = list(zip(facets, outcomes, strict=True))
    held = [entry for entry, outcome in pairs if outcome is Outcome.HOLDS]
    others = [entry for entry, outcome in pairs if outcome is not Outcome.HOLDS]
    suffix = "" if Outcome.FAILS in distinct else "; else inconclusive"
    return f"holds only when {conditions(held, others)}{suffix}"
