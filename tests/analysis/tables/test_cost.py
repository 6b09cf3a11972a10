"""The table `cost` gives the time of estimates and steps relative to the loss function."""

import pytest

from dirgrad.analysis.tables import cost
from support.hand_made_records import QUICK, cost_records


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
