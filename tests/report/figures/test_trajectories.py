"""The figure `trajectories` shows the paths of all trials on a problem with two parameters."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from dirgrad.report.figures import trajectories
from support.figure_text import headings
from support.hand_made_searches import search_tables


def test_the_axes_are_the_two_parameters() -> None:
    figure = trajectories.draw(search_tables(), "beale")
    assert (figure.get_supxlabel(), figure.get_supylabel()) == ("x", "y")


def test_an_estimator_that_failed_at_every_rate_has_a_panel_with_zero_trials() -> None:
    text = headings(trajectories.draw(search_tables(), "beale"))
    assert "PyTorch: lost everywhere\n0 trials" in text


def test_every_trial_is_a_path_from_a_circle_to_a_cross() -> None:
    figure = trajectories.draw(search_tables(("jax",), seeds=3), "beale")
    lines = figure.axes[0].get_lines()
    assert [line.get_marker() for line in lines] == ["None", "o", "x"] * 3
    assert [line.get_xdata()[0] for line in lines] == [0.0, 0.0, 1.0] * 3


@pytest.mark.parametrize("shift", [-78.0, 0.0, 3.0])
def test_a_landscape_below_0_has_contours(shift: float) -> None:
    x, y = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9))
    loss = shift + x**2 + y**2
    grid = pd.DataFrame({"theta_0": x.ravel(), "theta_1": y.ravel(), "loss": loss.ravel()})
    axes = Figure().subplots()
    trajectories.contours(axes, grid)
    (lines,) = axes.collections
    assert sum(len(path.vertices) > 0 for path in lines.get_paths()) >= 4
