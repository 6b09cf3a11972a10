"""The figure `candidates` shows a bias only if its interval excludes zero."""

from dirgrad.report.figures import candidates
from support import hand_made_measurements as measurements


def test_only_a_significant_bias_is_drawn() -> None:
    quality = measurements.candidates()
    quality.loc[quality["estimator"] == "forward_gradient", "squared_bias_low"] = -0.1
    figure = candidates.draw({"quality": quality}, "growth")
    bias_lines = [line for line in figure.axes[1].get_lines() if len(line.get_xdata())]
    assert [line.get_label() for line in bias_lines] == ["backprop"]
