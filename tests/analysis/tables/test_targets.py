"""The table `targets` gives the effort to a target loss, in total and relative to backprop."""

import pytest

from dirgrad.analysis.tables import targets
from support.hand_made_descents import paired_records
from support.hand_made_records import QUICK


def test_the_effort_to_the_target_is_compared_with_backprop() -> None:
    table = targets.make(paired_records(), QUICK).set_index("estimator")
    assert table["steps_to_target"].to_dict() == pytest.approx(
        {"backprop": 7.5, "forward_gradient": 15.0}
    )
    assert table["evaluations_to_target"].to_dict() == pytest.approx(
        {"backprop": 7.5, "forward_gradient": 30.0}
    )
    assert table["seconds_over_backprop"].to_dict() == pytest.approx(
        {"backprop": 1.0, "forward_gradient": 4.0}
    )
    ratios = table["steps_over_backprop"].to_dict()
    assert ratios == pytest.approx({"backprop": 1.0, "forward_gradient": 2.0})
    assert table["steps_over_backprop_at_least"].to_dict() == ratios


def test_an_estimator_that_misses_the_target_has_only_a_lower_bound() -> None:
    records = paired_records(forward=[4.0, 3.0, 2.9, 2.8])
    table = targets.make(records, QUICK).set_index("estimator")
    assert table.loc["forward_gradient", "n_reached"] == 0
    exact = table.loc[["forward_gradient"], ["steps_to_target", "steps_over_backprop"]]
    assert exact.isna().all(axis=None)
    # The forward gradient took 30 steps, and backprop took 7.5 steps to the target.
    assert table.loc["forward_gradient", "steps_over_backprop_at_least"] == pytest.approx(4.0)
    assert table.loc["backprop", "n_reached"] == 2


def test_an_experiment_without_a_target_has_no_row() -> None:
    assert targets.make(paired_records(target_loss=None), QUICK).empty
