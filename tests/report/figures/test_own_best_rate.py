"""The figures of best rates show ranges, and lower bounds where trials missed their target."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from dirgrad.report.figures import own_best_rate, own_best_rate_curves
from support import hand_made_tables as training
from support.figure_text import headings, panel_texts


def drawn(axes: Axes, marker: str) -> list[Line2D]:
    """Return the lines of a panel that have this marker and hold data."""
    return [line for line in axes.lines if line.get_marker() == marker]


def test_an_estimator_that_misses_its_target_has_a_lower_bound() -> None:
    steps = own_best_rate.draw(training.compared()).axes[0]
    (bound,) = drawn(steps, ">")
    np.testing.assert_allclose(bound.get_xdata(), 20.0)


def test_a_target_that_all_trials_reach_has_a_range() -> None:
    steps = own_best_rate.draw(training.compared()).axes[0]
    assert [list(line.get_xdata()) for line in drawn(steps, "|")] == [[20.0, 40.0]]


def test_the_title_counts_the_estimators_on_each_side_of_backprop() -> None:
    title = own_best_rate.draw(training.compared()).get_suptitle()
    expected = "Of 2 estimators 1 need 20 to 40 times backprop's steps, 1 miss the target"
    assert title.startswith(expected)


def test_each_row_names_its_estimator_below_the_name_of_its_experiment() -> None:
    steps = own_best_rate.draw(training.compared()).axes[0]
    assert [text.get_text() for text in steps.get_yticklabels()] == ["forward gradient"] * 2
    assert panel_texts(steps) == ["mlp sgd", "mlp adam"]


def test_an_experiment_of_another_framework_is_not_listed() -> None:
    tables = training.compared()
    targets = tables["targets"]
    in_torch = targets["backend"] == "torch"
    tables["targets"] = targets[in_torch | (targets["experiment"] == "mlp_sgd")]
    assert panel_texts(own_best_rate.draw(tables).axes[0]) == ["mlp sgd"]


def test_curves_at_the_best_rates_state_the_ratios_of_steps_and_seconds() -> None:
    tables = training.compared_curves()
    shown = headings(own_best_rate_curves.draw(tables, "mlp_sgd"))
    assert "need 20 to 40 times backprop's steps and 10 to 15 times its seconds" in shown
    missed = headings(own_best_rate_curves.draw(tables, "mlp_adam"))
    assert "need at least 20 times backprop's steps and at least 10 times its seconds" in missed
