"""The table `targets` gives the effort to a target loss, in total and relative to backprop."""

import pandas as pd
import pytest

from dirgrad.analysis.samples import parse_samples
from dirgrad.analysis.tables import targets
from support.hand_made_descents import paired_records
from support.hand_made_records import QUICK, Records


def table(records: Records) -> pd.DataFrame:
    """Return the table with the estimator as its index."""
    return targets.make(records, QUICK).set_index("estimator")


def test_an_effort_lies_between_two_record_points() -> None:
    rows = table(paired_records())
    # Backprop passes the target 2.5 between steps 0 and 10, the forward gradient between 10 and 20.
    assert rows["steps_to_target_from"].to_dict() == {"backprop": 1.0, "forward_gradient": 11.0}
    assert rows["steps_to_target_to"].to_dict() == {"backprop": 10.0, "forward_gradient": 20.0}
    assert rows["evaluations_to_target_to"].to_dict() == {
        "backprop": 10.0,
        "forward_gradient": 40.0,
    }
    assert rows["seconds_to_target_to"].to_dict() == {"backprop": 1.0, "forward_gradient": 4.0}
    forward = rows.loc["forward_gradient"]
    assert forward["steps_over_backprop_from"] == pytest.approx(1.1)
    assert forward["steps_over_backprop_to"] == pytest.approx(20.0)


def test_a_wide_bracket_is_a_bound_and_no_number() -> None:
    rows = table(paired_records())
    assert rows["steps_to_target"].isna().all()
    assert rows.loc["backprop", "steps_over_backprop"] == 1.0


def test_a_narrow_bracket_is_a_number() -> None:
    records = paired_records()
    # With a hundred steps before the first record point, a bracket of ten steps is narrow.
    curves = records["curves"]
    late = curves.assign(step=(curves["step"] + 100).where(curves["step"] > 0, 0))
    late = late.assign(valid_loss=late["loss"].where(late["step"] != 110, 3.0))
    rows = table({**records, "curves": late})
    assert rows.loc["forward_gradient", "steps_to_target"] == pytest.approx((111 + 120) / 2)


def test_an_estimator_that_misses_the_target_has_only_a_lower_bound() -> None:
    rows = table(paired_records(forward=[4.0, 3.0, 2.9, 2.8]))
    forward = rows.loc["forward_gradient"]
    assert forward["n_reached"] == 0
    assert forward[["steps_to_target", "steps_over_backprop"]].isna().all()
    assert forward[["steps_to_target_to", "steps_over_backprop_to"]].isna().all()
    # The forward gradient took 30 steps, and backprop took at most 10 steps to the target.
    assert forward["steps_over_backprop_from"] == pytest.approx(3.0)
    samples = parse_samples(forward["steps_over_backprop_values"])
    assert (samples.low == 3.0).all()
    assert (samples.high == float("inf")).all()
    assert rows.loc["backprop", "n_reached"] == 2


def test_an_experiment_without_a_target_has_no_row() -> None:
    assert targets.make(paired_records(target_loss=None), QUICK).empty
