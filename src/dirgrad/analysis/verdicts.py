"""From a measured value with its interval to a verdict about a claim.

A value is decided for or against a criterion by Student's t. Its standard error is recovered from the interval that the tables
show, half its width over the normal quantile. An inter-quartile mean of n values rests on the middle h = n - 2 floor(n/4) of them,
so two things are set right that make a percentile bootstrap of few seeds too narrow: a bootstrap resamples from what it has as if
it were the population, so that its variance is (h - 1)/h too small, and h values leave h - 1 degrees of freedom (Yuen 1974); where
that is 2, as of 5 values, 3 are taken. `dirgrad calibration` prints how often this errs where nothing is to be found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy import stats

MIN_VALUES = 5
"""Values of which an interval is trusted: fewer are too few to decide anything, whatever they say."""
SPREAD = 1e-6
"""Relative width below which an interval is rounding."""
Facets: TypeAlias = Mapping[str, str | int | float]


class Outcome(StrEnum):
    """What a place says of a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "inconclusive"


NOT_RUN = "not run in this tier"


@dataclass(frozen=True)
class Evidence:
    """A measured value at one place. place: where, by facet. low, high: the ends of its interval, at the confidence of the tables;
    n: over how many values. exact: counted, not sampled; low and high then bound it for certain. logarithmic: whether it is a
    ratio, whose logarithm is nearer to normal. at_least: whether the quantity is that or more. unanimous: where no value can be
    given, how many of the n are on the side of `value`, by a sign test."""

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
    """What a claim says of its quantity: within [low, high], or outside of it. Ends may be infinite."""

    low: float = -np.inf
    high: float = np.inf
    inside: bool = True
    strict: bool = False

    def is_met_by(self, value: float) -> bool:
        """Whether a value that is known for certain is as the claim says."""
        if self.strict:
            return (self.low < value < self.high) is self.inside
        rounding = 1e-9 * abs(value) if np.isfinite(value) else 0.0
        return (self.low - rounding <= value <= self.high + rounding) is self.inside


class Decided(NamedTuple):
    """p_value: of the place alone, two-sided; adjusted: by Holm over all places of a table."""

    outcome: Outcome
    p_value: float
    adjusted: float


def standard_error(evidence: Evidence, confidence: float) -> float:
    """Of the value, or of its logarithm: from half the width of the interval, a bootstrap's being sqrt((h - 1)/h) too narrow."""
    low, high = _scale(evidence)(np.array([evidence.low, evidence.high]))
    h = n_kept(evidence.n)
    return float((high - low) / 2 / stats.norm.ppf((1 + confidence) / 2) * np.sqrt(h / (h - 1)))


def n_kept(n: int) -> int:
    """How many of n values an inter-quartile mean is of."""
    return n - 2 * (n // 4)


def degrees_of_freedom(n: int) -> int:
    """Degrees of freedom of an inter-quartile mean of n values."""
    return max(3, n_kept(n) - 1)


def p_values(evidence: Evidence, criterion: Interval, confidence: float) -> tuple[float, float]:
    """One-sided p-values: against the claim's being false, and against its being true; 1 where nothing can be said."""
    if evidence.counted:
        return _certain(evidence, criterion)
    if (
        evidence.n < MIN_VALUES
        or np.isnan(evidence.value)
        or (evidence.logarithmic and not evidence.low > 0)
    ):
        return 1.0, 1.0
    above, below = _beyond(evidence, criterion, confidence)
    # Inside, both ends must be passed; outside, either will do, and they exclude each other.
    within = max(above(criterion.low), below(criterion.high))
    without = min(below(criterion.low), above(criterion.high))
    return (within, without) if criterion.inside else (without, within)


def _certain(evidence: Evidence, criterion: Interval) -> tuple[float, float]:
    ends = [evidence.value if np.isnan(end) else end for end in (evidence.low, evidence.high)]
    met = {criterion.is_met_by(end) for end in ends}
    # An interval around what is excluded has both ends where the claim wants them, and is not.
    spans = not criterion.inside and ends[0] < criterion.low and ends[1] > criterion.high
    if len(met) > 1 or spans:
        return 1.0, 1.0
    return (0.0, 1.0) if met == {True} else (1.0, 0.0)


def _beyond(
    evidence: Evidence, criterion: Interval, confidence: float
) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """The p-values of `the quantity is above` and of `it is below` a number."""
    scale, n = _scale(evidence), evidence.n
    if evidence.n_same_side is not None:
        sign = float(stats.binom.sf(evidence.n_same_side - 1, n, 0.5))
        # Whatever it is, it is above the one infinity and below the other.
        return (
            lambda end: 0.0 if end == -np.inf else sign if evidence.value > end else 1.0,
            lambda end: 0.0 if end == np.inf else sign if evidence.value < end else 1.0,
        )
    if not evidence.high - evidence.low > SPREAD * abs(evidence.value):
        # Values that are all the same, as the shared clock of trials side by side, are not n samples of anything.
        return lambda _: 1.0, lambda _: 1.0
    error, freedom = standard_error(evidence, confidence), degrees_of_freedom(n)

    def above(end: float) -> float:
        return float(stats.t.sf((scale(evidence.value) - scale(end)) / error, freedom))

    def below(end: float) -> float:
        if evidence.at_least and np.isfinite(end):
            return 1.0
        return float(stats.t.cdf((scale(evidence.value) - scale(end)) / error, freedom))

    return above, below


def _scale(evidence: Evidence) -> Callable[..., np.ndarray]:
    return _logarithm if evidence.logarithmic else np.asarray


def _logarithm(values: np.ndarray | float) -> np.ndarray:
    """-inf for the end of a criterion that no ratio has."""
    given = np.asarray(values, float)
    return np.where(given > 0, np.log(np.maximum(given, np.finfo(float).tiny)), -np.inf)


def decide(pairs: Sequence[tuple[Evidence, Interval]], confidence: float) -> list[Decided]:
    """Every value against its criterion. Over all that are sampled, the probability of a single wrong outcome is at most
    1 - confidence: p-values are two-sided, and adjusted by Holm, which asks nothing of how they depend on each other."""
    sides = [p_values(evidence, criterion, confidence) for evidence, criterion in pairs]
    raw = np.array([min(1.0, 2 * min(side)) for side in sides])
    adjusted = raw.copy()
    sampled = [i for i, (evidence, _) in enumerate(pairs) if not evidence.counted]
    adjusted[sampled] = holm(raw[sampled])
    outcomes = [
        Outcome.OPEN if p > 1 - confidence else Outcome.HOLDS if holds < fails else Outcome.FAILS
        for (holds, fails), p in zip(sides, adjusted, strict=True)
    ]
    return [
        Decided(*one) for one in zip(outcomes, map(float, raw), map(float, adjusted), strict=True)
    ]


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjusted p-values, (m,) (Holm 1979): the i-th smallest times m - i + 1, and none below a smaller one's."""
    order = np.argsort(p_values)
    steps = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(1.0, steps)
    return adjusted


def verdict(places: Sequence[Facets], outcomes: Sequence[Outcome]) -> str:
    """What all places together say. A claim that holds at some and is refuted, or open, at others `holds only when`; one that is
    refuted somewhere and shown nowhere `does not hold`."""
    found = set(outcomes)
    if not found:
        return NOT_RUN
    if Outcome.HOLDS not in found:
        return str(Outcome.FAILS if Outcome.FAILS in found else Outcome.OPEN)
    if found == {Outcome.HOLDS}:
        return str(Outcome.HOLDS)
    held = [
        place for place, outcome in zip(places, outcomes, strict=True) if outcome is Outcome.HOLDS
    ]
    others = [
        place
        for place, outcome in zip(places, outcomes, strict=True)
        if outcome is not Outcome.HOLDS
    ]
    rest = "" if Outcome.FAILS in found else "; else inconclusive"
    return f"holds only when {conditions(held, others)}{rest}"


def conditions(held: Sequence[Facets], others: Sequence[Facets]) -> str:
    """What tells the first places from the others: as few values of facets, or pairs of them, as cover the first and none of the
    others."""
    rules: list[tuple[tuple[str, object], ...]] = []
    left = list(held)
    while left:
        sound = [rule for rule in _rules(left) if not any(_covers(rule, place) for place in others)]
        rule = max(sound, key=lambda one: (sum(_covers(one, place) for place in left), -len(one)))
        rules.append(rule)
        left = [place for place in left if not _covers(rule, place)]
    last: dict[tuple[object, ...], list[object]] = {}
    for *first, (name, value) in rules:
        last.setdefault((*first, name), []).append(value)
    return ", or ".join(_said(first, name, values) for (*first, name), values in last.items())


def _rules(places: Sequence[Facets]) -> list[tuple[tuple[str, object], ...]]:
    """What any of the places could be told by: some of its facets with their values, the fewest first."""
    sizes = range(1, len(places[0]) + 1)
    return [
        rule for size in sizes for place in places for rule in combinations(place.items(), size)
    ]


def _covers(rule: tuple[tuple[str, object], ...], place: Facets) -> bool:
    return all(place[name] == value for name, value in rule)


def _said(first: Sequence[Any], name: object, values: Sequence[object]) -> str:
    conditions = [f"{facet} is {join_or([value])}" for facet, value in first]
    return " and ".join([*conditions, f"{name} is {join_or(values)}"])


def join_or(values: Sequence[object]) -> str:
    """a, b or c."""
    *most, last = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return f"{', '.join(most)} or {last}" if most else last


def describe(place: Facets) -> str:
    """A place in words: facet and value, facet and value."""
    return ", ".join(f"{name} {join_or([value])}" for name, value in place.items())
