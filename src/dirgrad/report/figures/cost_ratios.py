"""Times of a gradient estimate and of a whole step, relative to the forward pass."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("cost",)
FIGURES = {"cost": ("cost/baydin", "cost/large")}
CATEGORY = "instruments"
TITLE = "Cost of an estimate and of a step"
CAPTION = """
Time of a gradient estimate and of a whole step, relative to the forward pass (one evaluation of
the loss). The orange marks are the FLOP bound: the fewest multiplications that an estimate
needs, divided by the multiplications of the forward pass. A mark above the measured time means
that the forward pass spends most of its time on something other than multiplications. The gray
band shows the forward pass timed against itself. Smaller differences are not significant.
"""
ALT = "Two points per estimator, an estimate and a step, across their time in forward passes."

PARTS = {
    "gradient_over_forward": ("estimate", "o", "none", 0.14),
    "step_over_forward": ("whole step", "s", "full", -0.14),
}
"""Label, marker, fill style and vertical shift of each column."""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of panels per framework and a column per problem and batch size."""
    cost = tables["cost"].query("cost in @names")
    # The y axis points upward, so the reversed order puts the first estimator at the top.
    estimators = list(cost["estimator"].unique())[::-1]
    labels = [style.label(estimator) for estimator in estimators]
    subject, height = ["problem", "batch_size"], 0.6 + 0.26 * max(len(estimators), 1)
    figure, grid = panels.facets(cost, "backend", subject, width=2.2, per_column=2.1, height=height)
    for axes, rows, backend, (problem, batch_size), first in grid:
        _dots(axes, rows.set_index("estimator").reindex(estimators))
        title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nbatch {batch_size}"
        axes.set_title(title, fontsize=9)
        axes.set_yticks(range(len(estimators)), labels if first else [])
        axes.set_xlabel("time / forward time")
    return panels.finish(
        figure,
        cost,
        "inter-quartile mean of n = {n} rounds, {interval}; "
        "differences smaller than the gray band are not ranked{noise}",
        legend=4,
        noise=style.noise_warning(cost),
    )


def _dots(axes: Axes, rows: pd.DataFrame) -> None:
    y = np.arange(len(rows))
    for column, (label, marker, fill, shift) in PARTS.items():
        shape: style.LineStyle = {"marker": marker, "fillstyle": fill, "markersize": 4}
        axes.errorbar(
            rows[column],
            y + shift,
            xerr=style.error_lengths(rows, column),
            label=label,
            elinewidth=0.8,
            color="black",
            linestyle="",
            **shape,
        )
    bound_style: style.LineStyle = {"color": "#D55E00", "markersize": 11, "markeredgewidth": 2}
    axes.plot(rows["flop_bound_over_forward"], y, "|", label="FLOP bound", **bound_style)
    noise = rows.dropna(subset=["timing_noise_low"]).iloc[0]
    ends = (noise["timing_noise_low"], noise["timing_noise_high"])
    axes.axvspan(*ends, color="0.8", zorder=0, label=style.NOISE_LABEL)
    axes.set(xscale="log", ylim=(-0.6, len(rows) - 0.4))
    style.whole_ticks(axes.xaxis)
