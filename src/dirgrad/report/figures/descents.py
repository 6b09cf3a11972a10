"""Descents of backprop and the forward gradient on problems with two parameters.

The layout follows figure 2 of Baydin et al. 2022.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style
from dirgrad.report.figures.trajectories import contours, paths

TABLES = ("curves", "trajectories", "landscape")
FIGURES = {"baydin_fig2": ("training/beale", "training/rosenbrock")}
CATEGORY = "baydin"
TITLE = "Descents with two parameters"
CAPTION = """
Backprop and the forward gradient at the learning rates of the paper: loss against iterations,
loss against seconds of training, and all paths over the contours of the loss.
"""
ALT = "Two panels of loss curves and a map of the loss with the paths of all runs."

SHOWN = ("backprop", "forward_gradient")


def draw(tables: style.Tables, *experiments: str) -> Figure:
    """Draw a row of three panels per experiment and framework."""
    curves = tables["curves"].query("estimator in @SHOWN and experiment in @experiments")
    figure, grid = panels.facet_rows(curves, ["experiment", "backend"], 3, height=2.1)
    for panel_row, rows, (experiment, backend) in grid:
        title = f"{style.label(experiment)}, {style.BACKENDS[backend]}"
        for axes, (column, label) in zip(panel_row, style.X_AXES.items(), strict=False):
            for part, line, name in style.parts(rows, style.line_styles(SHOWN)):
                style.line_with_interval(axes, part[column], part, "loss", line, name)
            axes.set(xlabel=label, ylabel="loss", yscale="log", title=title)
            # The panels are narrow, and numbers of steps are long.
            axes.locator_params(axis="x", nbins=4)
        points = tables["trajectories"].query("experiment == @experiment and backend == @backend")
        _map(panel_row[2], points, tables["landscape"].query("experiment == @experiment"))
    if grid:
        figure.axes[0].legend()
    return panels.finish(
        figure,
        curves,
        "left and middle: inter-quartile mean of n = {n} runs, {interval}; right: all runs",
    )


def _map(axes: Axes, points: pd.DataFrame, landscape: pd.DataFrame) -> None:
    contours(axes, landscape)
    styles = style.line_styles(SHOWN)
    # Backprop is drawn last, so that its paths lie on top.
    for estimator in reversed(SHOWN):
        paths(axes, points[points["estimator"] == estimator], styles[estimator]["color"])
    axes.set(xlabel="x", ylabel="y")
