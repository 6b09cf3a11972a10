"""The figure `own_best_rate` shows ranges, and lower bounds where trials missed their target."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from dirgrad.report.figures import own_best_rate
from support import hand_made_tables as training


def drawn(axes: Axes, marker: str) -> list[Line2D]:
    """Return the lines of a panel that have this marker and hold data."""
    return [line for line in axes.lines if line.get_marker() == marker]


def test_an_estimator_that_misses_its_target_has_a_lower_bound_in_each_framework() -> None:
    figure = own_best_rate.draw(training.compared())
    steps = [axes for axes in figure.axes if "steps" in axes.get_xlabel()]
    assert len(steps) == 2
    for axes in steps:
        (bound,) = drawn(axes, ">")
        np.testing.assert_allclose(bound.get_xdata(), 20.0)


def test_a_target_that_all_trials_reach_has_a_range() -> None:
    figure = own_best_rate.draw(training.compared())
    steps = next(axes for axes in figure.axes if "steps" in axes.get_xlabel())
    ranges = [list(line.get_xdata()) for line in steps.lines if len(line.get_xdata()) == 2]
    assert [20.0, 40.0] in ranges


def test_a_framework_lists_only_the_experiments_that_it_ran() -> None:
    tables = training.compared()
    targets = tables["targets"]
    in_jax = targets["backend"] == "jax"
    tables["targets"] = targets[in_jax | (targets["experiment"] == "mlp_sgd")]
    figure = own_best_rate.draw(tables)
    names = {
        axes.get_title(): [text.get_text() for text in axes.get_yticklabels()]
        for axes in figure.axes[::2]
    }
    assert names == {"JAX": ["mlp sgd", "mlp adam"], "PyTorch": ["mlp sgd"]}
