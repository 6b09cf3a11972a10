"""Every quantity is read out of tables as it was put there, and decides a claim both ways, or not at all."""

import math

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.evidence.quantities import QUANTITIES
from dirgrad.analysis.verdicts import Interval, Outcome, decide, standard_error
from dirgrad.config import outputs
from support.judged import MADE, TRAINED, frame, ratio

SAMPLED = [name for name, made in MADE.items() if not made.counted]
COUNTED = [name for name, made in MADE.items() if made.counted]
VALUE = 1.7


def outcome(
    name: str, value: float, criterion: Interval, width: float = 0.01, n: int = 10
) -> Outcome:
    made = MADE[name]
    (found,) = QUANTITIES[name].evidence(made.tables(value, width, n), made.chosen)
    return decide([(found, criterion)], 0.95)[0].outcome


def test_every_quantity_is_tried_here() -> None:
    assert set(MADE) == set(QUANTITIES)


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_quantity_is_read_from_tables_that_there_are(name: str) -> None:
    assert QUANTITIES[name].tables
    assert set(QUANTITIES[name].tables) <= set(outputs.TABLES)
    assert set(MADE[name].chosen) <= set(QUANTITIES[name].selectable)


@pytest.mark.parametrize("name", MADE)
def test_a_value_is_read_as_it_was_put_there(name: str) -> None:
    made = MADE[name]
    (found,) = QUANTITIES[name].evidence(made.tables(VALUE, 0.05, 10), made.chosen)
    assert found.value == pytest.approx(VALUE)
    assert found.counted is made.counted
    assert found.facets["framework"] == "jax"
    if not made.counted:
        assert found.n == 10
        assert standard_error(found, 0.95) == pytest.approx(
            0.05 / 1.959964 * math.sqrt(6 / 5), rel=0.01
        )


@pytest.mark.parametrize("name", MADE)
def test_both_outcomes_are_possible(name: str) -> None:
    assert outcome(name, VALUE, Interval(low=1.0, strict=True)) is Outcome.HOLDS
    assert outcome(name, VALUE, Interval(high=1.0, strict=True)) is Outcome.FAILS
    assert outcome(name, VALUE, Interval(1.0, 2.0)) is Outcome.HOLDS
    assert outcome(name, VALUE, Interval(1.0, 2.0, inside=False)) is Outcome.FAILS


@pytest.mark.parametrize("name", SAMPLED)
def test_an_interval_across_the_criterion_decides_nothing(name: str) -> None:
    assert outcome(name, VALUE, Interval(low=1.6, strict=True), width=0.2) is Outcome.OPEN


@pytest.mark.parametrize("name", ["backprop_rate_over", "backprop_largest_rate_over"])
def test_a_rate_known_to_lie_on_both_sides_decides_nothing(name: str) -> None:
    assert outcome(name, VALUE, Interval(low=1.6, strict=True), width=0.2) is Outcome.OPEN


@pytest.mark.parametrize("name", SAMPLED)
def test_too_few_values_decide_nothing(name: str) -> None:
    assert outcome(name, VALUE, Interval(high=1.0, strict=True), n=4) is Outcome.OPEN


@pytest.mark.parametrize("name", MADE)
def test_without_its_tables_or_columns_there_is_no_evidence(name: str) -> None:
    made = MADE[name]
    tables = made.tables(VALUE, 0.05, 10)
    assert list(QUANTITIES[name].evidence({}, made.chosen)) == []
    for table in tables:
        without = tables | {table: tables[table][[]]}
        assert list(QUANTITIES[name].evidence(without, made.chosen)) == []
        empty = tables | {table: tables[table].iloc[:0]}
        assert list(QUANTITIES[name].evidence(empty, made.chosen)) == []


def test_a_target_that_no_trial_reached_is_told_by_a_sign_test() -> None:
    """Ten of ten beyond the criterion have probability 2^-10 on either side; five of five, 2^-5, are too few."""
    row = {
        "steps_over_backprop": np.nan,
        "steps_over_backprop_low": np.nan,
        "steps_over_backprop_high": np.nan,
        "n_reached": 0,
    }
    for n, expected in ((10, Outcome.FAILS), (5, Outcome.OPEN)):
        (found,) = QUANTITIES["steps_over_backprop"].evidence(
            {"targets": frame(TRAINED | row | {"n": n})}, {}
        )
        (decided,) = decide([(found, Interval(high=1.0, strict=True))], 0.95)
        assert decided.outcome is expected
        assert decided.p_value == pytest.approx(2 * 0.5**n)


def test_a_target_that_some_trials_reached_is_told_by_those_that_did_not() -> None:
    row = {
        "steps_over_backprop": np.nan,
        "steps_over_backprop_low": np.nan,
        "steps_over_backprop_high": np.nan,
    }
    (found,) = QUANTITIES["steps_over_backprop"].evidence(
        {"targets": frame(TRAINED | row | {"n": 10, "n_reached": 6})}, {}
    )
    (decided,) = decide([(found, Interval(high=1.0, strict=True))], 0.95)
    assert decided.outcome is Outcome.OPEN
    # P(at least 4 of 10), twice, and no more than 1.
    assert decided.p_value == pytest.approx(min(1.0, 2 * (1 - (1 + 10 + 45 + 120) / 1024)))


@pytest.mark.parametrize(
    ("bound", "above", "below"),
    [(40.0, Outcome.HOLDS, Outcome.FAILS), (0.1, Outcome.OPEN, Outcome.OPEN)],
)
def test_a_bound_on_what_was_not_reached_speaks_for_more_and_never_for_less(
    bound: float, above: Outcome, below: Outcome
) -> None:
    """Five trials spent 40 times what backprop needed: it is more than once, for all that is not known."""
    names = ["steps_over_backprop", "steps_over_backprop_low", "steps_over_backprop_high"]
    row = (
        TRAINED
        | dict.fromkeys(names, np.nan)
        | ratio("steps_over_backprop_at_least", bound, 0.1)
        | {"n": 5, "n_reached": 0}
    )
    (found,) = QUANTITIES["steps_over_backprop"].evidence({"targets": frame(row)}, {})
    decided = decide([(found, Interval(low=1.0, strict=True))], 0.95) + decide(
        [(found, Interval(high=1.0, strict=True))], 0.95
    )
    assert [one.outcome for one in decided] == [above, below]
    assert found.at_least


def test_what_is_chosen_narrows_the_evidence() -> None:
    rows = [
        TRAINED
        | {"estimator": name, "n": 5, "n_reached": 5}
        | ratio("steps_over_backprop", 2.0, 0.1)
        for name in ("a", "b")
    ]
    found = QUANTITIES["steps_over_backprop"].evidence(
        {"targets": frame(*rows)}, {"estimator": ["b"]}
    )
    assert [one.facets["estimator"] for one in found] == ["b"]


def test_a_bias_of_either_sign_has_an_order() -> None:
    made = MADE["power_of_difference_bias_in_eps"]
    tables = made.tables(2.0, 0.05, 10)
    names = ["difference_bias", "difference_bias_low", "difference_bias_high"]
    turned = tables["quality"].assign(
        **dict(zip(names, (-tables["quality"][names[i]] for i in (0, 2, 1)), strict=True))
    )
    (found,) = QUANTITIES["power_of_difference_bias_in_eps"].evidence(
        {"quality": turned}, made.chosen
    )
    assert found.value == pytest.approx(2.0)


def test_a_truncated_gradient_that_diverged_is_worse_than_any_descent() -> None:
    tables = MADE["loss_over_truncated"].tables(1.0, 0.0, 1)
    lost = tables["final"].assign(
        n_ok=lambda one: (one["estimator"] != "truncated_bptt_10").astype(int)
    )
    (found,) = QUANTITIES["loss_over_truncated"].evidence({"final": pd.DataFrame(lost)}, {})
    assert found.value == 0
