"""Turn measured values into verdicts about claims.

A claim is judged at every place where its quantity was measured. A place has raw values, one per
seed, round or block of draws. A ratio or a difference is formed within a seed or a round, so that
what both estimators share cancels.

- Fewer than 8 values, or too few for a large family, are decided by Student's t test.
- From 8 values on, a sign-flip permutation test decides: if the mean difference from the criterion
  is zero and the differences are symmetric, each of them could as well have the other sign.
- A ratio is compared on a logarithmic scale.
- A value that lies between two bounds counts with its lower bound against "smaller", and with its
  upper bound against "larger".
- The p-values of one claim are adjusted by the method of Holm (1979). Places that cannot be decided
  are open and do not belong to this family.

`dirgrad calibration` prints how often the resulting verdicts are wrong without an effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from dirgrad.analysis.facets import Facets, conditions
from dirgrad.analysis.samples import Samples
from dirgrad.analysis.significance import (
    Test,
    choose_test,
    has_spread,
    holm,
    student_quantile,
)

MIN_VALUES = 5
"""Minimum number of values; a place with fewer is open."""
MAX_SENTENCE = 140
"""Maximum number of characters of a verdict's sentence."""


class Outcome(StrEnum):
    """The outcome of a claim at one place."""

    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "inconclusive"


NOT_RUN = "not run in this tier"
IN_PART = "holds in part"


@dataclass(frozen=True)
class Evidence:
    """The values of a quantity at one place.

    Attributes:
        facets: Where it was measured.
        samples: Raw values. A counted quantity has one, with hard bounds.
        counted: Whether the value was counted, not sampled.
        logarithmic: Whether the value is a ratio, whose logarithm is closer to normal.
        n_unpaired: Number of unused values without a partner, and of trials without a value.
        lack_of_fit: p-value of a fitted model; a small one shows that the model does not fit.
    """

    facets: Facets
    samples: Samples
    counted: bool = False
    logarithmic: bool = False
    n_unpaired: int = 0
    lack_of_fit: float = float("nan")


class Estimate(NamedTuple):
    """A mean with its interval, or a count with its hard bounds.

    Attributes:
        value: The mean; geometric for a ratio. The mean of the known bounds if only these are
            known; NaN if no side is bounded.
        low: Lower end of Student's interval of the lower bounds.
        high: Upper end of Student's interval of the upper bounds.
        at_least: Whether the quantity is `value` or more.
        at_most: Whether the quantity is `value` or less.
    """

    value: float
    low: float
    high: float
    at_least: bool
    at_most: bool


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
    """The outcome at one place.

    Attributes:
        outcome: The outcome.
        p_value: Two-sided p-value, not adjusted; 1 for an open place that was not tested.
        adjusted: The p-value adjusted by Holm over the tested places of the claim.
        reason: Why the place was not tested; empty if it was.
    """

    outcome: Outcome
    p_value: float
    adjusted: float
    reason: str = ""


class Verdict(NamedTuple):
    """The verdict over all places of a claim.

    Attributes:
        name: `holds`, `does not hold`, `holds in part`, `inconclusive` or `not run in this tier`.
        holds: Number of places where the claim holds.
        fails: Number of places where it does not hold.
        open: Number of places that do not decide.
        sentence: The verdict as a sentence.
    """

    name: str
    holds: int
    fails: int
    open: int
    sentence: str


def estimate(evidence: Evidence, confidence: float) -> Estimate:
    """Return the mean of the values with Student's interval, or a count with its bounds."""
    to_scale, from_scale = scale(evidence)
    low, high = (to_scale(bound) for bound in evidence.samples[1:])
    mean_low, mean_high = float(low.mean()), float(high.mean())
    at_least = bool(np.isfinite(mean_low) and not np.isfinite(mean_high))
    at_most = bool(np.isfinite(mean_high) and not np.isfinite(mean_low))
    middle = mean_low if at_least else mean_high if at_most else (mean_low + mean_high) / 2
    if evidence.counted:
        ends = (mean_low, mean_high) if mean_low < mean_high else (np.nan, np.nan)
    else:
        ends = (mean_low - _margin(low, confidence), mean_high + _margin(high, confidence))
    value, lower, upper = (float(from_scale(x)) for x in (middle, *ends))
    return Estimate(value, lower, upper, at_least, at_most)


def _margin(values: np.ndarray, confidence: float) -> float:
    """Return half the width of Student's interval; NaN for one value, 0 for an infinite mean."""
    n = len(values)
    if n < 2:
        return float("nan")
    if not np.isfinite(values).all():
        return 0.0
    quantile = student_quantile(confidence, n)
    return float(quantile * values.std(ddof=1) / np.sqrt(n))


def scale(evidence: Evidence) -> tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]:
    """Return the map to the scale on which values are compared, and its inverse."""
    return (_logarithm, np.exp) if evidence.logarithmic else (np.asarray, np.asarray)


def _logarithm(values: np.ndarray | float) -> np.ndarray:
    """Return log(values), and -inf for values that are not positive."""
    numbers = np.asarray(values, float)
    return np.where(numbers > 0, np.log(np.maximum(numbers, np.finfo(float).tiny)), -np.inf)


def why_open(evidence: Evidence) -> str:
    """Return why the values cannot decide any claim; empty if they can."""
    if evidence.counted:
        return ""
    samples = evidence.samples
    if samples.n < MIN_VALUES:
        return f"{samples.n} values, fewer than {MIN_VALUES}"
    if samples.is_exact and not has_spread(samples.low):
        # Equal values are not n samples: trials in lanes, for example, share one clock.
        return "values without spread"
    to_scale, _ = scale(evidence)
    if not any(np.isfinite(to_scale(bound)).all() for bound in samples[1:]):
        return "values without a bound"
    return ""


def p_values(evidence: Evidence, criterion: Interval, test: Test) -> tuple[float, float]:
    """Return the one-sided p-values of two null hypotheses about a claim.

    Returns:
        The p-value of "the claim is false" and the p-value of "the claim is true". A small first
        one supports the claim, a small second one refutes it. Both are 1 if the evidence cannot
        decide.
    """
    if evidence.counted:
        return _p_values_of_count(evidence, criterion)
    to_scale, _ = scale(evidence)
    low, high = (to_scale(bound) for bound in evidence.samples[1:])

    def above(end: float) -> float:
        return _p_value_above(low, float(to_scale(end)), test)

    def below(end: float) -> float:
        return _p_value_above(-high, -float(to_scale(end)), test)

    # To be inside, the value must be above the lower end and below the upper end. To be outside, it
    # must pass only one end, and it cannot pass both, so the smaller p-value needs no correction.
    inside = max(above(criterion.low), below(criterion.high))
    outside = min(below(criterion.low), above(criterion.high))
    return (inside, outside) if criterion.inside else (outside, inside)


def _p_value_above(values: np.ndarray, end: float, test: Test) -> float:
    """Return the p-value of "the mean is `end` or less"."""
    if end == -np.inf:
        # Every quantity is above minus infinity.
        return 0.0
    if end == np.inf or not np.isfinite(values).all():
        return 1.0
    return test(values - end)


def _p_values_of_count(evidence: Evidence, criterion: Interval) -> tuple[float, float]:
    low, high = (float(bound[0]) for bound in evidence.samples[1:])
    met = {criterion.is_met_by(low), criterion.is_met_by(high)}
    # Bounds on both sides of a range say nothing about a value between them.
    spans = low < criterion.low and high > criterion.high
    if len(met) > 1 or spans:
        return 1.0, 1.0
    return (0.0, 1.0) if met == {True} else (1.0, 0.0)


def decide(places: Sequence[Evidence], criterion: Interval, confidence: float) -> list[Decision]:
    """Decide one claim at each of its places.

    The probability that any sampled place gets a wrong outcome is at most 1 - confidence: the
    p-values are two-sided and adjusted by Holm over the sampled places that can decide. Holm's
    method allows any dependence between them. Counted values are not adjusted.
    """
    level = 1 - confidence
    reasons = [why_open(evidence) for evidence in places]
    tested = [i for i, evidence in enumerate(places) if not reasons[i] and not evidence.counted]
    sides = [(1.0, 1.0)] * len(places)
    for i, evidence in enumerate(places):
        if not reasons[i]:
            test = choose_test(evidence.samples.n, len(tested), level)
            sides[i] = p_values(evidence, criterion, test)
    raw = np.array([min(1.0, 2 * min(side)) for side in sides])
    adjusted = raw.copy()
    adjusted[tested] = holm(raw[tested])
    return [
        Decision(_outcome(side, p_adjusted, level), float(p_raw), float(p_adjusted), reason)
        for side, p_raw, p_adjusted, reason in zip(sides, raw, adjusted, reasons, strict=True)
    ]


def _outcome(side: tuple[float, float], p_adjusted: float, level: float) -> Outcome:
    if p_adjusted > level:
        return Outcome.OPEN
    p_if_false, p_if_true = side
    return Outcome.HOLDS if p_if_false < p_if_true else Outcome.FAILS


def verdict(facets: Sequence[Facets], outcomes: Sequence[Outcome]) -> Verdict:
    """Return the verdict over all places of a claim, given by facets and outcomes.

    A claim `holds` (`does not hold`) if it does so at every place that decides, and at least half
    of the places decide. It `holds in part` if it holds at one place and fails at another. It is
    `inconclusive` otherwise.
    """
    holds, fails, n_open = (outcomes.count(outcome) for outcome in Outcome)
    if not outcomes:
        name = NOT_RUN
    elif holds and fails:
        name = IN_PART
    elif n_open > holds + fails:
        name = str(Outcome.OPEN)
    else:
        name = str(Outcome.HOLDS if holds else Outcome.FAILS)
    counts = Verdict(name, holds, fails, n_open, "")
    return counts._replace(sentence=_sentence(counts, facets, outcomes))


def _sentence(counts: Verdict, facets: Sequence[Facets], outcomes: Sequence[Outcome]) -> str:
    name, holds, fails, n_open, _ = counts
    n = holds + fails + n_open
    if not n:
        return "Not run in this tier."
    places = "place" if n == 1 else "places"
    if name == IN_PART:
        summary = f"Holds at {holds} of {n} {places}, fails at {fails}, open at {n_open}"
        pairs = list(zip(facets, outcomes, strict=True))
        held = [entry for entry, outcome in pairs if outcome is Outcome.HOLDS]
        failed = [entry for entry, outcome in pairs if outcome is Outcome.FAILS]
        sentence = f"{summary}: holds when {conditions(held, failed)}."
        return sentence if len(sentence) <= MAX_SENTENCE else f"{summary}."
    if name == Outcome.HOLDS:
        return f"Holds at {holds} of {n} {places}, open at {n_open}."
    if name == Outcome.FAILS:
        return f"Does not hold at {fails} of {n} {places}, open at {n_open}."
    return f"Open at {n_open} of {n} {places}; holds at {holds}, fails at {fails}."
