"""The table `curves` averages the curves of the successful trials at each step."""

import pandas as pd
import pytest

from dirgrad.analysis.tables import curves
from support.hand_made_records import QUICK, curve_records, trial_records, trials_at_rate


def curve_table(trials: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Return the table of these trials and record points."""
    return curves.make({"trials": trials, "curves": points}, QUICK)


def test_a_curve_is_the_mean_of_the_middle_half_at_each_step() -> None:
    losses_by_step = {0: [1.0, 2.0, 3.0, 40.0], 5: [4.0, 6.0, 8.0, -10.0]}
    points = [
        {"seed": seed, "step": step, "loss": loss}
        for step, losses in losses_by_step.items()
        for seed, loss in enumerate(losses)
    ]
    trials = trials_at_rate(0.1, 1.0, 1.0, 1.0, 1.0)
    table = curve_table(trial_records(*trials), curve_records(*points))
    assert table["step"].tolist() == [0, 5]
    assert table["n"].tolist() == [4, 4]
    assert table["loss"].tolist() == pytest.approx([2.5, 5.0])
    assert (table["loss_low"] <= table["loss"]).all()
    assert (table["loss"] <= table["loss_high"]).all()


def test_curves_of_failed_trials_are_left_out() -> None:
    trials = [{"seed": 0}, {"seed": 1, "status": "diverged"}, {"seed": 2, "status": "timeout"}]
    points = [{"seed": seed, "loss": 10.0**seed} for seed in range(3)]
    table = curve_table(trial_records(*trials), curve_records(*points))
    assert table["loss"].tolist() == [1.0]
    assert table["n"].tolist() == [1]


def test_the_table_is_empty_but_has_columns_if_all_trials_failed() -> None:
    table = curve_table(trial_records({"status": "diverged"}), curve_records({}))
    assert table.empty
    columns = {"experiment", "backend", "estimator", "learning_rate", "step", "n"}
    assert columns <= set(table.columns)


def test_a_curve_without_validation_has_no_validation_loss() -> None:
    points = curve_records({"valid_loss": None, "valid_accuracy": None})
    table = curve_table(trial_records({}), points)
    assert table["loss"].tolist() == [1.0]
    assert "valid_loss" not in table
