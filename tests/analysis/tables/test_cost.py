"""The table `cost` gives the time of estimates and steps relative to the loss function."""

import pandas as pd
import pytest

from dirgrad.analysis.tables import cost
from support.hand_made_records import QUICK, WORKLOAD, cost_records, frame


def test_times_and_noise_are_relative_to_the_time_of_the_loss_function() -> None:
    table = cost.make({"cost": cost_records()}, QUICK).set_index("estimator")
    assert table["gradient_over_forward"].to_dict() == pytest.approx(
        {"backprop": 3.0, "forward_gradient": 2.0}
    )
    assert table["step_over_forward"].to_dict() == pytest.approx(
        {"backprop": 4.0, "forward_gradient": 4.0}
    )
    assert table["timing_noise"].to_list() == pytest.approx([1.1, 1.1])
    assert table["n"].to_list() == [2, 2]


def test_an_estimator_that_is_not_supported_is_a_row_with_its_reason_and_without_times() -> None:
    unsupported = {"cost": "baydin", "estimator": "f", "status": "unsupported", "reason": "no rule"}
    measured = cost_records().assign(status="ok")
    records = pd.concat([measured, frame("cost", [WORKLOAD | unsupported])], ignore_index=True)
    row = cost.make({"cost": records}, QUICK).set_index("estimator").loc["f"]
    assert (row["status"], row["reason"]) == ("unsupported", "no rule")
    assert row[["gradient_seconds", "step_over_forward", "flop_bound_over_forward"]].isna().all()
