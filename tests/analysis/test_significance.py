"""Tests of a mean give the p-values of their definitions, at the edges of their rules too."""

import numpy as np
import pytest

from dirgrad.analysis.significance import choose_test, has_spread, holm, sign_flip, student


def test_values_that_are_all_zero_do_not_show_a_mean_above_zero() -> None:
    # Student's t would be 0/0.
    assert student(np.zeros(6)) == 1.0
    assert sign_flip(np.zeros(8)) == 1.0
    assert not has_spread(np.zeros(6))


@pytest.mark.parametrize(("spread", "expected"), [(2e-6, True), (5e-7, False)])
def test_a_spread_of_a_millionth_of_the_largest_magnitude_is_rounding(
    spread: float, expected: bool
) -> None:
    assert has_spread(np.array([-1000.0, -1000.0 * (1 + spread)])) is expected


def test_the_sign_flip_test_is_used_where_its_smallest_p_value_equals_the_level() -> None:
    assert choose_test(8, 1, 2.0**-7) is sign_flip


def test_the_p_value_of_many_equal_values_is_one_over_the_number_of_sign_changes() -> None:
    # Of 9,999 random changes of 30 signs none changes nothing; the change of no sign is added.
    assert sign_flip(np.ones(30)) == pytest.approx(1 / 10_000)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_the_p_value_does_not_depend_on_the_unit_of_the_values(unit: float) -> None:
    # Many changes of the signs leave the sum as it is, up to rounding.
    values = np.arange(-3.0, 7.0) / 10
    assert sign_flip(unit * values) == sign_flip(values)


def test_holms_method_gives_a_hand_made_example() -> None:
    # In their order: 4 * 0.01 = 0.04, 3 * 0.03 = 0.09, 2 * 0.04 = 0.08 raised to 0.09, 1 * 0.9.
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.9]))
    assert adjusted == pytest.approx([0.04, 0.09, 0.09, 0.9])


def test_an_adjusted_p_value_is_at_most_one() -> None:
    assert list(holm(np.array([0.6, 0.7]))) == [1.0, 1.0]
