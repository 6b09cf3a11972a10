"""The figure `evaluations_to_target` shows growth with the dimension, and missed targets."""

from dirgrad.report.figures import evaluations_to_target
from support import hand_made_tables as training
from support.figure_text import legend_labels


def test_missed_targets_are_counted_at_the_evaluations_spent_and_growth_is_in_the_legend() -> None:
    experiments = ("sgd_50", "sgd_500", "hard_thresholding_50", "hard_thresholding_500")
    figure = evaluations_to_target.draw(training.thresholded(), *experiments)
    for axes in figure.axes:
        (text,) = axes.texts
        assert (text.get_text(), text.xy) == ("2 of 5", (500, 4000))
    labels = legend_labels(figure)
    assert "hard thresholding, forward gradient: d^1.00 [0.90, 1.20]" in labels
    assert "hard thresholding, finite difference" in labels
    assert sum("guide" in label for label in labels) == 2
