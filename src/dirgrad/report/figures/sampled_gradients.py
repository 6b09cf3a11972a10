"""Gradient estimates in two dimensions are drawn as arrows from the origin.

The mean of all estimates agrees with the exact gradient, because the estimator is unbiased. A
single estimate is noisy.
"""

from math import sqrt
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

NUM_ARROWS = 12
"""Number of single estimates that are drawn as arrows."""
ESTIMATOR = "forward_gradient"
COMPONENTS = ["estimate_0", "estimate_1"]


def draw(tables: style.Tables, problem: str) -> Figure:
    """Draw one panel per framework.

    Args:
        tables: The tables `estimates` and `coordinates`.
        problem: The quality measurement to show.
    """
    estimates = tables["estimates"].query("quality == @problem and estimator == @ESTIMATOR")
    exact = tables["coordinates"].query("quality == @problem and estimator == @ESTIMATOR")
    backends = estimates["backend"].unique()
    figure, panels = style.new_figure(1, len(backends), height=3.6)
    for axes, backend in zip(panels[0], backends, strict=True):
        _panel(axes, estimates.query("backend == @backend"), exact.query("backend == @backend"))
        axes.set(
            title=style.BACKENDS[backend],
            xlabel="derivative with respect to x",
            ylabel="derivative with respect to y",
        )
    style.add_legend(figure, panels[:1, :1], ncols=3)
    count = style.count_range(estimates.groupby("backend").size())
    style.add_title(
        figure,
        f"{style.label(problem)}: {NUM_ARROWS} of n = {count} forward gradients at one point, "
        "all of them descent directions",
        "mean of all n with 95 % normal interval",
    )
    return figure


def _panel(axes: Axes, estimates: pd.DataFrame, exact: pd.DataFrame) -> None:
    arrows = estimates[COMPONENTS].head(NUM_ARROWS)
    for i, (x, y) in enumerate(arrows.to_numpy()):
        label = "forward gradients" if i == 0 else None
        _arrow(
            axes,
            x,
            y,
            color="0.65",
            width=0.004,
            label=label,
        )
    gradient = exact.sort_values("coordinate")["gradient"].to_numpy()
    _arrow(
        axes,
        *gradient,
        color=style.COLORS[0],
        width=0.012,
        label="exact gradient",
    )
    mean = estimates[COMPONENTS].mean()
    error = 1.96 * estimates[COMPONENTS].std() / sqrt(len(estimates))
    axes.errorbar(
        x=mean.iloc[0],
        y=mean.iloc[1],
        xerr=error.iloc[0],
        yerr=error.iloc[1],
        fmt="D",
        color=style.COLORS[2],
        markersize=5,
        capsize=2,
        label="mean",
        zorder=4,
    )
    reach = arrows.abs().to_numpy().max() * 1.1
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")


def _arrow(axes: Axes, x: float, y: float, **line: Any) -> None:
    axes.quiver(
        0,
        0,
        x,
        y,
        angles="xy",
        scale_units="xy",
        scale=1,
        **line,
    )
