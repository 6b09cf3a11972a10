"""The table `equal_loss` compares test accuracies with backprop at equal training loss."""

import pandas as pd
import pytest

from dirgrad.analysis.tables import equal_loss
from support.hand_made_descents import paired_records
from support.hand_made_records import QUICK


def test_accuracies_are_compared_where_both_curves_first_reach_the_higher_final_loss() -> None:
    (row,) = equal_loss.make(paired_records(), QUICK).to_dict("records")
    # The forward gradient ends at 1.0 at step 30; backprop has this loss at step 20.
    assert row["equal_loss"] == pytest.approx(1.0)
    assert (row["estimator"], row["n"]) == ("forward_gradient", 2)
    assert row["steps_over_backprop_from"] == pytest.approx(21 / 20)
    assert row["steps_over_backprop_to"] == pytest.approx(30 / 11)


def test_an_accuracy_lies_between_the_accuracies_of_two_record_points() -> None:
    (row,) = equal_loss.make(paired_records(), QUICK).to_dict("records")
    # Both estimators have a loss of 2.0 before they reach 1.0, so their accuracies are 1/3 to 1/2.
    for name in ("test_accuracy", "backprop_test_accuracy"):
        bounds = (row[f"{name}_from"], row[f"{name}_to"])
        assert bounds == pytest.approx((1 / 3, 1 / 2))
        assert row[name] != row[name]
    assert row["difference_values"] == "0:-0.166666667..0.166666667 1:-0.166666667..0.166666667"


def test_a_difference_is_the_accuracy_minus_the_one_of_backprop() -> None:
    records = paired_records()
    curves = records["curves"]
    lower = curves["test_accuracy"] - 0.1 * (curves["estimator"] == "forward_gradient")
    changed = {**records, "curves": curves.assign(test_accuracy=lower)}
    (row,) = equal_loss.make(changed, QUICK).to_dict("records")
    # The accuracy is 1/3 to 1/2 with backprop, and 0.1 lower with the forward gradient.
    bounds = (row["difference_from"], row["difference_to"])
    assert bounds == pytest.approx((1 / 3 - 1 / 2 - 0.1, 1 / 2 - 1 / 3 - 0.1))


def test_an_accuracy_at_a_record_point_is_exact() -> None:
    records = paired_records()
    # A record point before each step leaves no room between two points.
    steps = records["curves"].assign(step=records["curves"]["step"] // 10)
    (row,) = equal_loss.make({**records, "curves": steps}, QUICK).to_dict("records")
    assert row["test_accuracy"] == row["backprop_test_accuracy"] == pytest.approx(0.5)
    assert row["difference"] == 0.0


def test_an_accuracy_between_bounds_more_than_a_hundredth_apart_is_no_number() -> None:
    records = paired_records()
    # The accuracy lies between 0.5 + 0.1/3 and 0.5 + 0.1/2.
    accuracy = 0.5 + 0.1 * records["curves"]["test_accuracy"]
    changed = {**records, "curves": records["curves"].assign(test_accuracy=accuracy)}
    (row,) = equal_loss.make(changed, QUICK).to_dict("records")
    assert row["test_accuracy"] != row["test_accuracy"]


def test_each_framework_is_compared_with_its_own_backprop() -> None:
    records = paired_records()
    both = {
        name: pd.concat([rows, rows.assign(backend="torch")], ignore_index=True)
        for name, rows in records.items()
    }
    curves = both["curves"]
    is_lower = (curves["backend"] == "torch") & (curves["estimator"] == "backprop")
    both["curves"] = curves.assign(test_accuracy=curves["test_accuracy"] - 0.2 * is_lower)
    jax, torch = equal_loss.make(both, QUICK).to_dict("records")
    assert (jax["backend"], torch["backend"]) == ("jax", "torch")
    # With jax the accuracies are alike, from 1/3 to 1/2.
    assert jax["difference_to"] == pytest.approx(1 / 6)
    assert torch["difference_to"] == pytest.approx(1 / 6 + 0.2)
