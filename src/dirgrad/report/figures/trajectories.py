"""Paths of all trials of a problem with two parameters, over the contours of its loss."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("final", "trajectories", "landscape")
EACH = "two-parameter experiment"
CATEGORY = "experiments"
TITLE = "Trajectories"
CAPTION = """
All trials over the contours of the loss, each from its start (circle) to its end (cross).
"""
ALT = "A map of the loss per estimator, with a path per trial from a circle to a cross."

KEYS = ["backend", "estimator", "stage", "learning_rate"]
PARAMETERS = ["theta_0", "theta_1"]


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of panels per framework and a column per estimator."""
    final = tables["final"].query("experiment == @experiment")
    best = final.loc[final["best_rate"], KEYS]
    points = tables["trajectories"].query("experiment == @experiment").merge(best, on=KEYS)
    landscape = tables["landscape"].query("experiment == @experiment")
    styles = style.line_styles(final["estimator"].unique())
    figure, grid = panels.facets(
        final, "backend", "estimator", width=0.6, per_column=2.3, height=2.1
    )
    for axes, _, backend, estimator, _ in grid:
        rows = points.query("backend == @backend and estimator == @estimator")
        contours(axes, landscape)
        paths(axes, rows, str(styles[estimator]["color"]))
        name = f"{style.BACKENDS[backend]}: {style.label(estimator)}"
        axes.set_title(f"{name}\n{rows['seed'].nunique()} trials", fontsize=8)
    figure.supxlabel("x", fontsize=9)
    figure.supylabel("y", fontsize=9)
    return panels.finish(
        figure,
        points,
        "{subject}: all trials from start (circle) to end (cross), "
        "n = {count} per panel, no interval",
        subject=style.label(experiment),
        count=style.count_range(points.groupby(["backend", "estimator"])["seed"].nunique()),
    )


def contours(axes: Axes, landscape: pd.DataFrame) -> None:
    """Draw the contours of the loss.

    Args:
        axes: The panel.
        landscape: The loss of one problem on a grid of its two parameters.
    """
    grid = landscape.pivot(index="theta_1", columns="theta_0", values="loss")
    values = grid.to_numpy()
    lowest, highest = np.nanmin(values), np.nanmax(values)
    # The levels are logarithmic, so the lowest one must be positive. Losses below 0 count from the
    # lowest one.
    origin = min(lowest, 0.0)
    smallest = max(lowest, 1e-3) if lowest >= 0 else 1e-3 * (highest - lowest)
    levels = origin + np.geomspace(smallest, highest - origin, 14)
    shape: style.LineStyle = {"levels": levels, "colors": "0.6", "linewidths": 0.5}
    axes.contour(grid.columns, grid.index, grid, **shape)
    axes.set(xlim=(grid.columns.min(), grid.columns.max()))
    axes.set(ylim=(grid.index.min(), grid.index.max()))
    axes.grid(visible=False)


def paths(axes: Axes, points: pd.DataFrame, color: str) -> None:
    """Draw every trial from its start (circle) to its end (cross).

    Args:
        axes: The panel.
        points: The recorded parameters of the trials of one panel.
        color: Color of the paths.
    """
    for _, trial in points.groupby("seed"):
        x, y = (trial[name] for name in PARAMETERS)
        axes.plot(x, y, color=color, linewidth=0.8, alpha=0.8)
        circle: style.LineStyle = {"color": "black", "markerfacecolor": "white", "markersize": 5}
        axes.plot(x.iloc[0], y.iloc[0], "o", **circle)
        axes.plot(x.iloc[-1], y.iloc[-1], "x", color="black", markersize=5)
