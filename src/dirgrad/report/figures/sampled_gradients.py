"""Gradient estimates in two dimensions, drawn as arrows from the origin."""

from math import sqrt
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("estimates", "coordinates")
FIGURES = {"baydin_fig1": ("quality/beale",)}
CATEGORY = "baydin"
TITLE = "An unbiased but noisy estimate"
CAPTION = """
Forward gradients at one point, their mean over all draws, and the exact gradient. The mean
agrees with the exact gradient, but a single forward gradient does not.
"""
ALT = "Arrows from one point: many gray forward gradients, and the exact gradient at their mean."

NUM_ARROWS = 12
"""Number of single estimates that are drawn as arrows."""
ESTIMATOR = "forward_gradient"
COMPONENTS = ["estimate_0", "estimate_1"]


def draw(tables: style.Tables, problem: str) -> Figure:
    """Draw one panel per framework."""
    selection = "quality == @problem and estimator == @ESTIMATOR"
    estimates = tables["estimates"].query(selection)
    exact = tables["coordinates"].query(selection)
    figure, grid = panels.facets(estimates, None, "backend", height=3.6)
    for axes, rows, _, backend, _ in grid:
        _arrows(axes, rows, exact.query("backend == @backend"))
        axes.set(xlabel="derivative with respect to x", ylabel="derivative with respect to y")
        axes.set_title(style.BACKENDS[backend])
    return panels.finish(
        figure,
        estimates,
        "{subject}: {arrows} of n = {count} forward gradients at one point, "
        "all of them descent directions",
        "mean of all n with 95 % normal interval",
        legend=3,
        legend_of=figure.axes[:1],
        subject=style.label(problem),
        arrows=str(NUM_ARROWS),
        count=style.count_range(estimates.groupby("backend").size()),
    )


def _arrows(axes: Axes, estimates: pd.DataFrame, exact: pd.DataFrame) -> None:
    arrows = estimates[COMPONENTS].head(NUM_ARROWS)
    for i, (x, y) in enumerate(arrows.to_numpy()):
        label = "forward gradients" if i == 0 else None
        _arrow(axes, x, y, color="0.65", width=0.004, label=label)
    gradient = exact.sort_values("coordinate")["gradient"].to_numpy()
    _arrow(axes, *gradient, color=style.COLORS[0], width=0.012, label="exact gradient")
    mean = estimates[COMPONENTS].mean()
    error = 1.96 * estimates[COMPONENTS].std() / sqrt(len(estimates))
    point: style.LineStyle = {
        "fmt": "D",
        "color": style.COLORS[2],
        "markersize": 5,
        "zorder": 4,
        "capsize": 2,
    }
    x, y = mean
    axes.errorbar(x, y, xerr=error.iloc[0], yerr=error.iloc[1], label="mean", **point)
    reach = arrows.abs().to_numpy().max() * 1.1
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")


def _arrow(axes: Axes, x: float, y: float, **line: Any) -> None:
    axes.quiver(0, 0, x, y, angles="xy", scale_units="xy", scale=1, **line)
