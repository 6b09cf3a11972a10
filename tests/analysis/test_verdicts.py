"""Verdicts: what is decided, by which rule, and how it is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dirgrad.analysis.verdicts import (
    NOT_RUN,
    Evidence,
    Interval,
    Outcome,
    decide,
    degrees_of_freedom,
    describe,
    holm,
    p_values,
    verdict,
)

ABOVE, BELOW = Interval(low=1.0, strict=True), Interval(high=1.0, strict=True)
HOLDS, FAILS, OPEN = Outcome.HOLDS, Outcome.FAILS, Outcome.OPEN


def measured(value: float, half: float, n: int = 10, logarithmic: bool = False) -> Evidence:
    return Evidence(
        {"framework": "jax"}, value, value - half, value + half, n, logarithmic=logarithmic
    )


def test_the_p_value_is_students_with_the_standard_error_of_the_interval() -> None:
    """An interval as a bootstrap has it, of whose 10 values h = 6 are in the middle."""
    values = np.array([1.1, 1.4, 0.9, 1.6, 1.3, 1.2, 1.5, 1.0, 1.7, 1.25])
    half = stats.norm.ppf(0.975) * values.std(ddof=0) / np.sqrt(10)
    t = (values.mean() - 1.0) / (values.std(ddof=0) / np.sqrt(10) * np.sqrt(6 / 5))
    holds, fails = p_values(measured(values.mean(), half), ABOVE, 0.95)
    assert holds == pytest.approx(stats.t.sf(t, 5))
    assert fails == pytest.approx(1 - holds)


@pytest.mark.parametrize(("n", "expected"), [(5, 3), (8, 3), (10, 5), (20, 9), (1000, 499)])
def test_degrees_of_freedom_are_those_of_the_middle_half(n: int, expected: int) -> None:
    assert degrees_of_freedom(n) == expected


@pytest.mark.parametrize(
    ("criterion", "outcomes"),
    [
        (Interval(low=1.0, strict=True), (FAILS, FAILS, HOLDS)),
        (Interval(high=1.0, strict=True), (HOLDS, FAILS, FAILS)),
        (Interval(0.9, 1.1), (FAILS, HOLDS, FAILS)),
        (Interval(0.9, 1.1, inside=False), (HOLDS, FAILS, HOLDS)),
    ],
)
def test_what_is_counted_is_held_against_the_criterion_itself(
    criterion: Interval, outcomes: tuple[Outcome, ...]
) -> None:
    found = [(Evidence({}, value, counted=True), criterion) for value in (0.5, 1.0, 2.0)]
    assert tuple(one.outcome for one in decide(found, 0.95)) == outcomes


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(1.1, 3.0, HOLDS), (0.5, 3.0, OPEN), (0.1, 0.9, FAILS)]
)
def test_what_is_known_between_two_bounds_needs_both(
    low: float, high: float, expected: Outcome
) -> None:
    (decided,) = decide([(Evidence({}, (low + high) / 2, low, high, counted=True), ABOVE)], 0.95)
    assert decided.outcome is expected


def test_bounds_around_what_is_excluded_decide_nothing() -> None:
    (decided,) = decide(
        [(Evidence({}, 1.0, 0.5, 2.0, counted=True), Interval(0.9, 1.1, inside=False))], 0.95
    )
    assert decided.outcome is OPEN


@pytest.mark.parametrize("value", [0.9, 1.0, 1.1])
def test_a_value_at_the_end_of_an_inclusive_range_is_in_it(value: float) -> None:
    assert Interval(0.9, 1.1).is_met_by(value)
    assert Interval(0.9, 1.1).is_met_by(0.9 * (1 - 1e-12))
    assert not Interval(0.9, 1.1).is_met_by(0.9 * (1 - 1e-6))


@pytest.mark.parametrize("spread", [0.0, 1e-9])
def test_values_without_spread_are_not_so_many_samples(spread: float) -> None:
    """As the seconds of trials that advance together, which share one clock."""
    assert p_values(Evidence({}, 2.0, 2.0, 2.0 + spread, 10), ABOVE, 0.95) == (1.0, 1.0)


def test_without_an_interval_nothing_is_decided() -> None:
    assert p_values(Evidence({}, 2.0, n=10), ABOVE, 0.95) == (1.0, 1.0)


def test_a_ratio_below_zero_decides_nothing() -> None:
    (decided,) = decide([(Evidence({}, -1.0, -2.0, 3.0, 10, logarithmic=True), ABOVE)], 0.95)
    assert decided.outcome is OPEN


def test_where_no_value_can_be_given_the_sides_are_counted() -> None:
    never = Evidence({}, np.inf, np.inf, np.inf, 10, n_same_side=10)
    assert p_values(never, ABOVE, 0.95) == (pytest.approx(0.5**10), 1.0)


def test_a_ratio_and_its_reciprocal_are_decided_alike() -> None:
    one = Evidence({}, 2.0, 1.5, 2.5, 10, logarithmic=True)
    other = Evidence({}, 0.5, 1 / 2.5, 1 / 1.5, 10, logarithmic=True)
    assert p_values(one, ABOVE, 0.95) == pytest.approx(p_values(other, BELOW, 0.95))


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_holm_is_the_step_down_of_bonferroni(given_p: list[float]) -> None:
    """Rejected at a level: the smallest at level/m, the next at level/(m - 1), and so on until one is not."""
    p = np.array(given_p)
    adjusted = holm(p)
    for level in (0.01, 0.05, 0.3):
        rejected = set()
        for left, i in zip(range(len(p), 0, -1), np.argsort(p), strict=True):
            if p[i] * left > level:
                break
            rejected.add(int(i))
        assert {int(i) for i in np.flatnonzero(adjusted <= level)} == rejected


def test_more_claims_ask_for_more() -> None:
    one = (measured(1.3, 0.2), ABOVE)
    assert decide([one], 0.95)[0].outcome is HOLDS
    assert {decided.outcome for decided in decide([one] * 20, 0.95)} == {OPEN}


def test_what_is_counted_asks_nothing_of_the_others() -> None:
    one = (measured(1.3, 0.2), ABOVE)
    counted = [(Evidence({}, 2.0, counted=True), ABOVE)] * 20
    assert decide([one, *counted], 0.95)[0] == decide([one], 0.95)[0]


JAX, TORCH = {"framework": "jax"}, {"framework": "torch"}
PLACES = [one | {"problem": problem} for one in (JAX, TORCH) for problem in ("mlp", "cnn")]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ((HOLDS,) * 4, "holds"),
        ((FAILS,) * 4, "does not hold"),
        ((OPEN,) * 4, "inconclusive"),
        ((FAILS, OPEN, OPEN, OPEN), "does not hold"),
        ((HOLDS, HOLDS, FAILS, FAILS), "holds only when framework is jax"),
        ((FAILS, HOLDS, FAILS, HOLDS), "holds only when problem is cnn"),
        ((FAILS, HOLDS, OPEN, HOLDS), "holds only when problem is cnn"),
        ((OPEN, HOLDS, OPEN, HOLDS), "holds only when problem is cnn; else inconclusive"),
        ((HOLDS, FAILS, FAILS, FAILS), "holds only when framework is jax and problem is mlp"),
        ((HOLDS, HOLDS, HOLDS, FAILS), "holds only when framework is jax, or problem is mlp"),
    ],
)
def test_a_verdict_says_when(outcomes: tuple[Outcome, ...], said: str) -> None:
    assert verdict(PLACES, outcomes) == said


def test_values_of_a_facet_are_listed() -> None:
    places = [{"problem": name} for name in ("a", "b", "c", "d")]
    assert verdict(places, (HOLDS, HOLDS, HOLDS, FAILS)) == "holds only when problem is a, b or c"


def test_without_evidence_it_was_not_run() -> None:
    assert verdict([], []) == NOT_RUN


def test_a_place_is_named_by_its_facets() -> None:
    assert (
        describe({"framework": "jax", "rate": 2e-4, "dimension": 10})
        == "framework jax, rate 0.0002, dimension 10"
    )
