"""Estimates and decisions at the limits of their rules: few values, ends of a range, zero."""

import numpy as np
import pytest
from scipy import stats

from dirgrad.analysis.verdicts import Interval, Outcome, decide, estimate
from support.hand_made_evidence import bounded, counted, only_decision, sampled

ABOVE = Interval(low=1.0, strict=True)
VALUES = np.array([1.1, 1.4, 0.9, 1.6, 1.3, 1.2, 1.5])


def test_two_values_have_students_interval_and_one_value_has_none() -> None:
    # The mean is 2 and the standard error is sqrt(2) / sqrt(2) = 1, with one degree of freedom.
    margin = stats.t.ppf(0.975, 1)
    assert estimate(sampled([1.0, 3.0]), 0.95)[:3] == pytest.approx((2.0, 2 - margin, 2 + margin))
    assert estimate(sampled([1.0]), 0.95)[:3] == pytest.approx((1.0, np.nan, np.nan), nan_ok=True)


def test_values_without_a_lower_bound_are_at_most_their_upper_bounds() -> None:
    mean = estimate(bounded(np.full(7, -np.inf), VALUES), 0.95)
    assert (mean.at_least, mean.at_most) == (False, True)
    assert mean.value == pytest.approx(VALUES.mean())
    assert mean.low == -np.inf
    high = stats.ttest_1samp(VALUES, 0.0).confidence_interval(0.95).high
    assert mean.high == pytest.approx(high)


def test_a_count_has_its_hard_bounds_and_an_exact_count_has_none() -> None:
    assert estimate(counted(1.0, 3.0), 0.95) == (2.0, 1.0, 3.0, False, False)
    exact = estimate(counted(2.0), 0.95)
    assert exact[:3] == pytest.approx((2.0, np.nan, np.nan), nan_ok=True)


@pytest.mark.parametrize(("value", "inside"), [(1.1 * (1 + 1e-12), True), (1.1 + 1e-6, False)])
def test_the_upper_end_of_an_inclusive_range_belongs_to_it_up_to_rounding(
    value: float, inside: bool
) -> None:
    assert Interval(0.9, 1.1).is_met_by(value) is inside


def test_five_values_can_decide() -> None:
    assert only_decision(sampled([2.0, 2.1, 2.2, 2.3, 2.4]), ABOVE).outcome is Outcome.HOLDS


def test_a_ratio_of_zero_has_no_logarithm_and_decides_nothing() -> None:
    decided = only_decision(sampled([0.0, 2.0, 3.0, 4.0, 5.0], logarithmic=True), ABOVE)
    assert decided.reason == "values without a bound"


def test_a_p_value_that_equals_the_level_decides() -> None:
    # Eight values above 1 have the two-sided p-value 2/256 of the sign-flip test.
    (decided,) = decide([sampled(2.0 + np.arange(8) / 8)], ABOVE, 1 - 2.0**-7)
    assert decided == (Outcome.HOLDS, 2.0**-7, 2.0**-7, "")


@pytest.mark.parametrize(("value", "outcome"), [(2.0, Outcome.HOLDS), (0.5, Outcome.FAILS)])
def test_a_count_decides_with_the_p_value_zero(value: float, outcome: Outcome) -> None:
    assert only_decision(counted(value), ABOVE) == (outcome, 0.0, 0.0, "")
