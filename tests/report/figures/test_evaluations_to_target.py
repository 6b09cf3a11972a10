"""The figure `evaluations_to_target` shows growth, its closed form, and missed targets."""

import numpy as np

from dirgrad.report.figures import evaluations_to_target
from support import hand_made_tables as training
from support.figure_text import legend_labels

EXPERIMENTS = [f"{rule}_{d}" for rule in training.UPDATE_RULES for d in training.DIMENSIONS]


def test_missed_targets_are_counted_at_the_evaluations_spent_and_growth_is_in_the_legend() -> None:
    figure = evaluations_to_target.draw(training.thresholded(), *EXPERIMENTS)
    for axes in figure.axes:
        (text,) = axes.texts
        assert (text.get_text(), text.xy) == ("2 of 5", (500, 4000))
    labels = legend_labels(figure)
    power = "d^1.00 [0.90, 1.20], p = 0.25"
    assert f"hard thresholding, forward gradient, sphere: {power}" in labels
    bound = "power of d at least 0.50"
    assert f"hard thresholding, finite difference, sphere: {bound}" in labels
    assert labels.count(evaluations_to_target.CLOSED_FORM) == 1


def test_the_closed_form_has_one_factor_in_a_panel() -> None:
    tables = training.thresholded()
    is_sgd = tables["sweeps"]["optimizer"] == "sgd"
    tables["sweeps"]["evaluations_theory"] = np.where(is_sgd, 50.0, 12.5)
    figure = evaluations_to_target.draw(tables, *EXPERIMENTS)
    for axes in figure.axes:
        lines = [np.asarray(line.get_ydata(), float) for line in axes.lines]
        levels = {round(line[0]) for line in lines if len(line) == 3 and np.ptp(line) == 0}
        # Six of the eleven ratios of 100 to the closed form are 2, five are 8.
        factor = 2 ** (6 / 11) * 8 ** (5 / 11)
        assert levels == {100, round(50 * factor), round(12.5 * factor)}


def test_an_abscissa_with_fewer_than_three_values_has_no_panel() -> None:
    tables = training.thresholded()
    sweeps = tables["sweeps"]
    other = sweeps[sweeps["x"] == 50].assign(abscissa="nonzeros", x=5)
    tables["sweeps"] = sweeps.merge(other, how="outer")
    figure = evaluations_to_target.draw(tables, *EXPERIMENTS)
    assert {axes.get_xlabel() for axes in figure.axes} == {"dimension d"}
