"""The table `equal_loss` compares test accuracies with backprop at equal training loss."""

import pytest

from dirgrad.analysis.tables import equal_loss
from support.hand_made_descents import paired_records
from support.hand_made_records import QUICK


def test_accuracies_are_compared_where_both_curves_first_reach_the_higher_final_loss() -> None:
    (row,) = equal_loss.make(paired_records(), QUICK).to_dict("records")
    # The forward gradient ends at 1.0 at step 30; backprop has this loss at step 20.
    assert row["equal_loss"] == pytest.approx(1.0)
    assert row["test_accuracy"] == pytest.approx(0.5)
    assert row["backprop_test_accuracy"] == pytest.approx(0.5)
    assert row["steps_over_backprop"] == pytest.approx(30 / 20)
    assert (row["estimator"], row["n"]) == ("forward_gradient", 2)
