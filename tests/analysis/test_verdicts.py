"""Tests compare measured values with criteria, and a verdict summarizes their outcomes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dirgrad.analysis.significance import choose_test, holm, sign_flip, student
from dirgrad.analysis.verdicts import (
    NOT_RUN,
    Evidence,
    Interval,
    Outcome,
    decide,
    estimate,
    p_values,
    verdict,
)
from support.hand_made_evidence import bounded, counted, only_decision, sampled

ABOVE, BELOW = Interval(low=1.0, strict=True), Interval(high=1.0, strict=True)
HOLDS, FAILS, OPEN = Outcome.HOLDS, Outcome.FAILS, Outcome.OPEN
VALUES = np.array([1.1, 1.4, 0.9, 1.6, 1.3, 1.2, 1.5])


def test_few_values_are_decided_by_students_t() -> None:
    p_if_false, p_if_true = p_values(sampled(VALUES), ABOVE, student)
    expected = stats.ttest_1samp(VALUES, 1.0, alternative="greater").pvalue
    assert p_if_false == pytest.approx(expected)
    assert p_if_true == pytest.approx(1 - expected)
    assert choose_test(7, family=1, level=0.05) is student


@pytest.mark.parametrize("n", [8, 10, 12])
def test_the_sign_flip_test_is_the_exact_permutation_test_of_scipy(n: int) -> None:
    values = np.random.default_rng(n).normal(0.3, 1.0, n)
    expected = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=2**n, alternative="greater"
    )
    assert sign_flip(values) == pytest.approx(expected.pvalue, abs=1e-12)


def test_the_sign_flip_test_of_many_values_is_close_to_the_exact_one() -> None:
    values = np.random.default_rng(0).normal(0.4, 1.0, 16)
    expected = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=2**16, alternative="greater"
    )
    error = np.sqrt(expected.pvalue * (1 - expected.pvalue) / 9999)
    assert sign_flip(values) == pytest.approx(expected.pvalue, abs=5 * error + 1e-4)


@pytest.mark.parametrize(
    ("n", "family", "test"),
    [(8, 1, sign_flip), (8, 6, sign_flip), (8, 7, student), (7, 1, student)],
)
def test_the_sign_flip_test_is_used_where_it_can_decide(n: int, family: int, test: object) -> None:
    # The smallest two-sided p-value of 8 values is 2/256, and 6 * 2/256 is below 0.05.
    assert choose_test(n, family, 0.05) is test


def test_ratios_are_compared_on_a_logarithmic_scale() -> None:
    p_if_false, _ = p_values(sampled(VALUES, logarithmic=True), ABOVE, student)
    logs = np.log(VALUES)
    assert p_if_false == pytest.approx(stats.ttest_1samp(logs, 0.0, alternative="greater").pvalue)
    mean = estimate(sampled(VALUES, logarithmic=True), 0.95)
    interval = stats.ttest_1samp(logs, 0.0).confidence_interval(0.95)
    assert mean.value == pytest.approx(np.exp(logs.mean()))
    assert (mean.low, mean.high) == pytest.approx((np.exp(interval.low), np.exp(interval.high)))


def test_bounds_count_with_the_less_favorable_side() -> None:
    evidence = bounded(VALUES, VALUES + 2)
    p_if_false, p_if_true = p_values(evidence, ABOVE, student)
    greater = stats.ttest_1samp(VALUES, 1.0, alternative="greater").pvalue
    less = stats.ttest_1samp(VALUES + 2, 1.0, alternative="less").pvalue
    assert (p_if_false, p_if_true) == pytest.approx((greater, less))


def test_an_interval_of_bounds_reaches_from_the_lower_to_the_upper_ones() -> None:
    mean = estimate(bounded(VALUES, VALUES + 2), 0.95)
    low = stats.ttest_1samp(VALUES, 0.0).confidence_interval(0.95).low
    high = stats.ttest_1samp(VALUES + 2, 0.0).confidence_interval(0.95).high
    assert (mean.low, mean.high) == pytest.approx((low, high))
    assert mean.value == pytest.approx(VALUES.mean() + 1)
    assert not mean.at_least
    assert not mean.at_most


def test_values_without_an_upper_bound_are_at_least_their_lower_bounds() -> None:
    missed = np.where(VALUES > 1.5, np.inf, VALUES)
    mean = estimate(bounded(VALUES, missed), 0.95)
    assert mean.at_least
    assert mean.value == pytest.approx(VALUES.mean())
    assert mean.high == np.inf
    assert only_decision(bounded(VALUES, missed), Interval(high=9.0)).outcome is OPEN
    assert only_decision(bounded(VALUES, missed), ABOVE).outcome is HOLDS


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
    places = [counted(value) for value in (0.5, 1.0, 2.0)]
    assert tuple(decided.outcome for decided in decide(places, criterion, 0.95)) == outcomes


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(1.1, 3.0, HOLDS), (0.5, 3.0, OPEN), (0.1, 0.9, FAILS)]
)
def test_hard_bounds_decide_only_if_both_agree(low: float, high: float, expected: Outcome) -> None:
    assert only_decision(counted(low, high), ABOVE).outcome is expected


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(("low", "high"), [(0.5, 2.0), (0.0, np.inf)])
def test_hard_bounds_around_a_range_are_inconclusive(low: float, high: float, inside: bool) -> None:
    criterion = Interval(0.9, 1.1, inside=inside)
    assert only_decision(counted(low, high), criterion).outcome is OPEN


@pytest.mark.parametrize("value", [0.9, 1.0, 1.1])
def test_an_inclusive_range_contains_its_ends_up_to_rounding(value: float) -> None:
    assert Interval(0.9, 1.1).is_met_by(value)
    assert Interval(0.9, 1.1).is_met_by(0.9 * (1 - 1e-12))
    assert not Interval(0.9, 1.1).is_met_by(0.9 * (1 - 1e-6))


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (sampled([2.0, 2.1, 2.2, 2.3]), "4 values, fewer than 5"),
        # Equal values are not independent: trials in lanes, for example, share one clock.
        (sampled([2.0] * 10), "values without spread"),
        (sampled(2.0 + 1e-9 * np.arange(10)), "values without spread"),
        (bounded([-np.inf] * 6, [np.inf] * 6), "values without a bound"),
        (sampled([-1.0, 1.0, 2.0, 3.0, 4.0], logarithmic=True), "values without a bound"),
    ],
)
def test_a_place_that_cannot_decide_is_open_and_says_why(evidence: Evidence, reason: str) -> None:
    decided = only_decision(evidence, ABOVE)
    assert (decided.outcome, decided.p_value, decided.reason) == (OPEN, 1.0, reason)


def test_equal_bounds_of_many_trials_can_decide() -> None:
    """All trials of 10 seeds spent 30 times the steps of backprop, and none arrived."""
    missed = bounded([30.0] * 10, [np.inf] * 10, logarithmic=True)
    assert only_decision(missed, ABOVE).outcome is HOLDS
    assert only_decision(missed, BELOW).outcome is FAILS
    few = bounded([30.0] * 5, [np.inf] * 5, logarithmic=True)
    assert only_decision(few, ABOVE).outcome is OPEN


def test_a_ratio_and_its_reciprocal_have_equal_p_values() -> None:
    ratio = sampled(VALUES, logarithmic=True)
    reciprocal = sampled(1 / VALUES, logarithmic=True)
    expected = p_values(ratio, ABOVE, student)
    assert p_values(reciprocal, BELOW, student) == pytest.approx(expected)


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


def test_values_that_decide_a_single_place_are_too_weak_at_one_of_twenty() -> None:
    place = sampled(VALUES)
    assert only_decision(place, ABOVE).outcome is HOLDS
    assert {decided.outcome for decided in decide([place] * 20, ABOVE, 0.95)} == {OPEN}


def test_neither_counts_nor_places_that_cannot_decide_affect_the_others() -> None:
    place = sampled(VALUES)
    others = [counted(2.0), sampled([2.0, 3.0]), sampled([2.0] * 10)] * 10
    assert decide([place, *others], ABOVE, 0.95)[0] == only_decision(place, ABOVE)


FACETS = [
    {"framework": "jax", "problem": "mlp"},
    {"framework": "jax", "problem": "cnn"},
    {"framework": "torch", "problem": "mlp"},
    {"framework": "torch", "problem": "cnn"},
]


@pytest.mark.parametrize(
    ("outcomes", "name", "sentence"),
    [
        ((HOLDS,) * 4, "holds", "Holds at 4 of 4 places, open at 0."),
        ((FAILS,) * 4, "does not hold", "Does not hold at 4 of 4 places, open at 0."),
        (
            (OPEN,) * 4,
            "inconclusive",
            "Open at 4 of 4 places; holds at 0, fails at 0.",
        ),
        # A single place does not speak for three that are open.
        (
            (FAILS, OPEN, OPEN, OPEN),
            "inconclusive",
            "Open at 3 of 4 places; holds at 0, fails at 1.",
        ),
        ((HOLDS, HOLDS, OPEN, OPEN), "holds", "Holds at 2 of 4 places, open at 2."),
        (
            (FAILS, FAILS, OPEN, FAILS),
            "does not hold",
            "Does not hold at 3 of 4 places, open at 1.",
        ),
        (
            (HOLDS, HOLDS, FAILS, FAILS),
            "holds in part",
            "Holds at 2 of 4 places, fails at 2, open at 0: holds when framework is jax.",
        ),
        (
            (FAILS, HOLDS, OPEN, OPEN),
            "holds in part",
            "Holds at 1 of 4 places, fails at 1, open at 2: holds when problem is cnn.",
        ),
        (
            (HOLDS, HOLDS, HOLDS, FAILS),
            "holds in part",
            "Holds at 3 of 4 places, fails at 1, open at 0: "
            "holds when framework is jax, or problem is mlp.",
        ),
    ],
)
def test_a_verdict_has_a_name_counts_and_a_sentence(
    outcomes: tuple[Outcome, ...], name: str, sentence: str
) -> None:
    judged = verdict(FACETS, outcomes)
    assert judged.name == name
    assert (judged.holds, judged.fails, judged.open) == tuple(map(outcomes.count, Outcome))
    assert judged.sentence == sentence


def test_a_condition_that_is_too_long_is_left_out_of_the_sentence() -> None:
    facets = [{"problem": f"a_problem_with_a_long_name_{i}"} for i in range(8)]
    judged = verdict(facets, (HOLDS, FAILS) * 4)
    assert judged.sentence == "Holds at 4 of 8 places, fails at 4, open at 0."


def test_a_single_place_is_one_place() -> None:
    assert verdict(FACETS[:1], [HOLDS]).sentence == "Holds at 1 of 1 place, open at 0."


def test_a_claim_without_evidence_was_not_run() -> None:
    assert verdict([], [])[:4] == (NOT_RUN, 0, 0, 0)
