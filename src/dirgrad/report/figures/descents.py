"""Backprop and the forward gradient descend on problems with two parameters.

The loss is plotted against iterations and against seconds, and the paths are drawn over the
contours of the loss. The layout follows figure 2 of Baydin et al. 2022.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style
from dirgrad.report.figures.trajectories import contours, paths

SHOWN = ("backprop", "forward_gradient")


def draw(tables: style.Tables, *experiments: str) -> Figure:
    """Draw a row of three panels per experiment and framework.

    Args:
        tables: The tables `curves`, `trajectories` and `landscape`.
        *experiments: The experiments to show.
    """
    curves = tables["curves"].query("estimator in @SHOWN and experiment in @experiments")
    backends = curves["backend"].unique()
    subjects = [(experiment, backend) for experiment in experiments for backend in backends]
    figure, panels = style.new_figure(len(subjects), 3, height=2.1)
    for panel_row, (experiment, backend) in zip(panels, subjects, strict=True):
        rows = curves.query("experiment == @experiment and backend == @backend")
        title = f"{style.label(experiment)}, {style.BACKENDS[backend]}"
        for axes, (column, label) in zip(panel_row, style.X_AXES.items(), strict=False):
            _losses(axes, rows, column)
            axes.set(xlabel=label, ylabel="loss", yscale="log", title=title)
        points = tables["trajectories"].query("experiment == @experiment and backend == @backend")
        _map(panel_row[2], points, tables["landscape"].query("experiment == @experiment"))
    panels[0][0].legend()
    count = style.count_range(curves["n"])
    style.add_title(
        figure,
        f"left and middle: inter-quartile mean of n = {count} runs, {style.interval()}; "
        "right: all runs",
    )
    return figure


def _losses(axes: Axes, curves: pd.DataFrame, column: str) -> None:
    for estimator, line in style.line_styles(SHOWN).items():
        part = curves[curves["estimator"] == estimator]
        style.line_with_interval(axes, part[column], part, "loss", line, style.label(estimator))


def _map(axes: Axes, points: pd.DataFrame, landscape: pd.DataFrame) -> None:
    contours(axes, landscape)
    styles = style.line_styles(SHOWN)
    # Backprop is drawn last, so that its paths lie on top.
    for estimator in reversed(SHOWN):
        paths(axes, points[points["estimator"] == estimator], styles[estimator]["color"])
    axes.set(xlabel="x", ylabel="y")
