"""Where the trials of a problem of two parameters went, over the contours of its loss; one panel per estimator and framework."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from dirgrad.report.figures import style


def draw(tables: Mapping[str, pd.DataFrame], experiment: str) -> Figure:
    """tables: `final`, `trajectories` and `landscape`."""
    final = tables["final"].query("experiment == @experiment")
    best = final.loc[final["best_rate"], ["backend", "estimator", "stage", "learning_rate"]]
    points = (
        tables["trajectories"]
        .query("experiment == @experiment")
        .merge(best, on=["backend", "estimator", "stage", "learning_rate"])
    )
    backends, kinds = list(final["backend"].unique()), style.lines(final["estimator"].unique())
    made, panels = style.figure(len(backends), len(kinds), width=2.3 * len(kinds) + 0.6, height=2.1)
    for row, backend in zip(panels, backends, strict=True):
        for axes, (estimator, line) in zip(row, kinds.items(), strict=True):
            chosen = points.query("backend == @backend and estimator == @estimator")
            contours(axes, tables["landscape"].query("experiment == @experiment"))
            paths(axes, chosen, str(line["color"]))
            axes.set_title(
                f"{style.BACKENDS[backend]}: {style.label(estimator)}\n{chosen['seed'].nunique()} trials",
                fontsize=8,
            )
    made.supxlabel("x", fontsize=9)
    made.supylabel("y", fontsize=9)
    count = style.count_range(points.groupby(["backend", "estimator"])["seed"].nunique())
    made.suptitle(
        f"{style.label(experiment)}: every trial from its start (circle) to its end (cross), n = {count} a panel, no interval",
        fontsize=9,
    )
    return made


def contours(axes: Axes, landscape: pd.DataFrame) -> None:
    """The contours of the loss. landscape: the grid of one problem."""
    grid = landscape.pivot(index="theta_1", columns="theta_0", values="loss")
    values = grid.to_numpy()
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
        xlim=(grid.columns.min(), grid.columns.max()), ylim=(grid.index.min(), grid.index.max())
    )
    axes.grid(visible=False)


def paths(axes: Axes, points: pd.DataFrame, colour: str) -> None:
    """Every trial from its start (circle) to its end (cross). points: of the trials of one panel."""
    for _, trial in points.groupby("seed"):
        axes.plot(trial["theta_0"], trial["theta_1"], color=colour, linewidth=0.8, alpha=0.8)
        axes.plot(
            *trial[["theta_0", "theta_1"]].iloc[0],
            "o",
            color="black",
            markerfacecolor="white",
            markersize=5,
        )
        axes.plot(*trial[["theta_0", "theta_1"]].iloc[-1], "x", color="black", markersize=5)
