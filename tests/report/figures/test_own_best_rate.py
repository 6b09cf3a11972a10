"""The figure `own_best_rate` counts the trials that reached the target."""

from dirgrad.report.figures import own_best_rate
from support import hand_made_tables as training


def test_an_estimator_that_misses_its_target_is_labeled_with_its_successful_trials() -> None:
    figure = own_best_rate.draw(training.compared())
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts.count("forward gradient: reached by 2 of 5") == 2
