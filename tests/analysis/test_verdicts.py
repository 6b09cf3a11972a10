"""Tests compare measured values with criteria, and a verdict summarizes their outcomes."""

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
    holm,
    p_values,
    verdict,
)

ABOVE, BELOW = Interval(low=1.0, strict=True), Interval(high=1.0, strict=True)
HOLDS, FAILS, OPEN = Outcome.HOLDS, Outcome.FAILS, Outcome.OPEN


def measured(value: float, half_width: float) -> Evidence:
    """Return evidence of ten values with a symmetric interval."""
    return Evidence({"framework": "jax"}, value, value - half_width, value + half_width, 10)


def test_the_p_value_is_students_with_a_standard_error_from_the_interval() -> None:
    values = np.array([1.1, 1.4, 0.9, 1.6, 1.3, 1.2, 1.5, 1.0, 1.7, 1.25])
    bootstrap_error = values.std(ddof=0) / np.sqrt(10)
    half_width = stats.norm.ppf(0.975) * bootstrap_error
    # The inter-quartile mean averages 6 of the 10 values.
    t = (values.mean() - 1.0) / (bootstrap_error * np.sqrt(6 / 5))
    p_if_false, p_if_true = p_values(measured(values.mean(), half_width), ABOVE, 0.95)
    assert p_if_false == pytest.approx(stats.t.sf(t, 5))
    assert p_if_true == pytest.approx(1 - p_if_false)


@pytest.mark.parametrize(("n", "expected"), [(5, 3), (8, 3), (10, 5), (20, 9), (1000, 499)])
def test_the_middle_half_of_the_values_determines_the_degrees_of_freedom(
    n: int, expected: int
) -> None:
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
def test_a_counted_value_is_compared_with_the_criterion_directly(
    criterion: Interval, outcomes: tuple[Outcome, ...]
) -> None:
    pairs = [(Evidence({}, value, counted=True), criterion) for value in (0.5, 1.0, 2.0)]
    assert tuple(decided.outcome for decided in decide(pairs, 0.95)) == outcomes


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(1.1, 3.0, HOLDS), (0.5, 3.0, OPEN), (0.1, 0.9, FAILS)]
)
def test_hard_bounds_decide_only_if_both_agree(low: float, high: float, expected: Outcome) -> None:
    bounded = Evidence({}, (low + high) / 2, low, high, counted=True)
    (decided,) = decide([(bounded, ABOVE)], 0.95)
    assert decided.outcome is expected


def test_hard_bounds_around_an_excluded_range_are_inconclusive() -> None:
    bounded = Evidence({}, 1.0, 0.5, 2.0, counted=True)
    (decided,) = decide([(bounded, Interval(0.9, 1.1, inside=False))], 0.95)
    assert decided.outcome is OPEN


@pytest.mark.parametrize("value", [0.9, 1.0, 1.1])
def test_an_inclusive_range_contains_its_ends_up_to_rounding(value: float) -> None:
    assert Interval(0.9, 1.1).is_met_by(value)
    assert Interval(0.9, 1.1).is_met_by(0.9 * (1 - 1e-12))
    assert not Interval(0.9, 1.1).is_met_by(0.9 * (1 - 1e-6))


@pytest.mark.parametrize("spread", [0.0, 1e-9])
def test_values_without_spread_are_inconclusive(spread: float) -> None:
    """Equal values are not independent: trials in lanes, for example, share one clock."""
    assert p_values(Evidence({}, 2.0, 2.0, 2.0 + spread, 10), ABOVE, 0.95) == (1.0, 1.0)


def test_a_sampled_value_without_an_interval_is_inconclusive() -> None:
    assert p_values(Evidence({}, 2.0, n=10), ABOVE, 0.95) == (1.0, 1.0)


def test_a_ratio_below_zero_is_inconclusive() -> None:
    ratio = Evidence({}, -1.0, -2.0, 3.0, 10, logarithmic=True)
    (decided,) = decide([(ratio, ABOVE)], 0.95)
    assert decided.outcome is OPEN


def test_a_value_without_a_mean_is_decided_by_a_sign_test() -> None:
    infinite = Evidence({}, np.inf, np.inf, np.inf, 10, n_same_side=10)
    assert p_values(infinite, ABOVE, 0.95) == (pytest.approx(0.5**10), 1.0)


def test_a_ratio_and_its_reciprocal_have_equal_p_values() -> None:
    ratio = Evidence({}, 2.0, 1.5, 2.5, 10, logarithmic=True)
    reciprocal = Evidence({}, 0.5, 1 / 2.5, 1 / 1.5, 10, logarithmic=True)
    assert p_values(ratio, ABOVE, 0.95) == pytest.approx(p_values(reciprocal, BELOW, 0.95))


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_holms_method_is_the_step_down_of_bonferroni(raw: list[float]) -> None:
    """Compare the adjusted p-values with the definition of the method.

    The smallest of m p-values is rejected at level/m, the next at level/(m - 1), and so on. The
    procedure ends at the first that is not rejected.
    """
    p = np.array(raw)
    adjusted = holm(p)
    for level in (0.01, 0.05, 0.3):
        rejected = set()
        for n_left, i in zip(range(len(p), 0, -1), np.argsort(p), strict=True):
            if p[i] * n_left > level:
                break
            rejected.add(int(i))
        assert {int(i) for i in np.flatnonzero(adjusted <= level)} == rejected


def test_evidence_that_decides_a_single_claim_is_too_weak_for_twenty() -> None:
    pair = (measured(1.3, 0.2), ABOVE)
    assert decide([pair], 0.95)[0].outcome is HOLDS
    assert {decided.outcome for decided in decide([pair] * 20, 0.95)} == {OPEN}


def test_counted_values_do_not_affect_the_other_outcomes() -> None:
    pair = (measured(1.3, 0.2), ABOVE)
    counted = [(Evidence({}, 2.0, counted=True), ABOVE)] * 20
    assert decide([pair, *counted], 0.95)[0] == decide([pair], 0.95)[0]


FACETS = [
    {"framework": "jax", "problem": "mlp"},
    {"framework": "jax", "problem": "cnn"},
    {"framework": "torch", "problem": "mlp"},
    {"framework": "torch", "problem": "cnn"},
]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
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
def test_a_verdict_names_the_facets_for_which_the_claim_holds(
    outcomes: tuple[Outcome, ...], expected: str
) -> None:
    assert verdict(FACETS, outcomes) == expected


def test_a_verdict_lists_several_values_of_a_facet() -> None:
    facets = [{"problem": name} for name in ("a", "b", "c", "d")]
    assert verdict(facets, (HOLDS, HOLDS, HOLDS, FAILS)) == "holds only when problem is a, b or c"


def test_a_claim_without_evidence_was_not_run() -> None:
    assert verdict([], []) == NOT_RUN
