"""Paths of all trials of a problem with two parameters are drawn over the contours of its loss."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from dirgrad.report.figures import style

KEYS = ["backend", "estimator", "stage", "learning_rate"]
PARAMETERS = ["theta_0", "theta_1"]


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of panels per framework and a column per estimator.

    Args:
        tables: The tables `final`, `trajectories` and `landscape`.
        experiment: The experiment to show.
    """
    final = tables["final"].query("experiment == @experiment")
    best = final.loc[final["best_rate"], KEYS]
    trajectories = tables["trajectories"].query("experiment == @experiment")
    points = trajectories.merge(best, on=KEYS)
    landscape = tables["landscape"].query("experiment == @experiment")
    backends = final["backend"].unique()
    styles = style.line_styles(final["estimator"].unique())
    width = 2.3 * len(styles) + 0.6
    figure, panels = style.new_figure(len(backends), len(styles), width=width, height=2.1)
    for panel_row, backend in zip(panels, backends, strict=True):
        for axes, (estimator, line) in zip(panel_row, styles.items(), strict=True):
            rows = points.query("backend == @backend and estimator == @estimator")
            contours(axes, landscape)
            paths(axes, rows, str(line["color"]))
            name = f"{style.BACKENDS[backend]}: {style.label(estimator)}"
            axes.set_title(f"{name}\n{rows['seed'].nunique()} trials", fontsize=8)
    figure.supxlabel("x", fontsize=9)
    figure.supylabel("y", fontsize=9)
    count = style.count_range(points.groupby(["backend", "estimator"])["seed"].nunique())
    style.add_title(
        figure,
        f"{style.label(experiment)}: all trials from start (circle) to end (cross), "
        f"n = {count} per panel, no interval",
    )
    return figure


def contours(axes: Axes, landscape: pd.DataFrame) -> None:
    """Draw the contours of the loss.

    Args:
        axes: The panel.
        landscape: The loss of one problem on a grid of its two parameters.
    """
    grid = landscape.pivot(index="theta_1", columns="theta_0", values="loss")
    values = grid.to_numpy()
    # The levels are logarithmic, so the lowest one must be positive.
    levels = np.geomspace(max(values.min(), 1e-3), values.max(), 14)
    axes.contour(
        grid.columns,
        grid.index,
        grid,
        levels=levels,
        colors="0.6",
        linewidths=0.5,
        locator=LogLocator(),
    )
    axes.set(
        xlim=(grid.columns.min(), grid.columns.max()),
        ylim=(grid.index.min(), grid.index.max()),
    )
    axes.grid(visible=False)


def paths(axes: Axes, points: pd.DataFrame, color: str) -> None:
    """Draw every trial from its start (circle) to its end (cross).

    Args:
        axes: The panel.
        points: The recorded parameters of the trials of one panel.
        color: Color of the paths.
    """
    for _, trial in points.groupby("seed"):
        axes.plot(
            trial["theta_0"],
            trial["theta_1"],
            color=color,
            linewidth=0.8,
            alpha=0.8,
        )
        start = trial[PARAMETERS].iloc[0]
        end = trial[PARAMETERS].iloc[-1]
        axes.plot(
            *start,
            "o",
            color="black",
            markerfacecolor="white",
            markersize=5,
        )
        axes.plot(*end, "x", color="black", markersize=5)
