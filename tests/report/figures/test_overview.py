"""The figure `overview` shows final losses and step times of all experiments."""

from dirgrad.report.figures import overview
from support.figure_text import legend_labels
from support.hand_made_searches import search_tables


def test_the_legend_names_every_estimator_once() -> None:
    labels = legend_labels(overview.draw(search_tables()))
    assert sorted(labels) == ["backprop", "forward gradient", "lost everywhere"]


def test_step_times_are_relative_to_backprop() -> None:
    time_axes = overview.draw(search_tables(("jax",))).axes[1]
    ratios = {round(float(x), 6) for line in time_axes.get_lines() for x in line.get_xdata()}
    assert ratios == {1.0, round(1.01 / 1.1, 6)}
