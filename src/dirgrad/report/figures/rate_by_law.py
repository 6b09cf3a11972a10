"""Largest stable learning rates on networks, by law of directions."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("stability",)
FIGURES = {"frye_laws": ("stability/laws",)}
ONE_FRAMEWORK = True
CATEGORY = "frye"
TITLE = "Largest stable learning rate by law of directions"
CAPTION = """
Largest stable learning rate of a forward gradient along one direction of each law. The threshold
lies within the bar, between two rates of the grid.
"""
ALT = "A bar per law of directions, between a stable and an unstable learning rate."


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a panel per problem, of one framework."""
    backend = style.first_framework(tables["stability"])
    stability = tables["stability"].query("stability == @name and backend == @backend")
    estimators = list(stability["estimator"].unique())
    height = 0.8 + 0.26 * max(len(estimators), 1)
    figure, grid = panels.facets(stability, None, "problem", width=7.5, height=height)
    for axes, rows, _, problem, first in grid:
        _bars(axes, rows.set_index("estimator").reindex(estimators))
        axes.set_yticks(range(len(estimators)), map(style.label, estimators if first else []))
        axes.set_title(f"{style.label(problem)}, d = {rows['dimension'].iloc[0]:,}")
    _share_scale([panel.axes for panel in grid], stability)
    return panels.finish(
        figure,
        stability,
        _finding(stability),
        "{backend}; n = {n_seeds} of {n_seeds} trials of {steps} steps were stable",
        "bar: interval to the next rate of the grid, which was unstable",
        backend=style.BACKENDS.get(backend, ""),
    )


def _bars(axes: Axes, rows: pd.DataFrame) -> None:
    y = np.arange(len(rows))
    low, high = rows["stable_rate"].to_numpy(float), rows["unstable_rate"].to_numpy(float)
    is_finite = np.isfinite(high)
    line: style.LineStyle = {"linewidth": 5, "color": style.COLORS[1]}
    axes.hlines(y[is_finite], low[is_finite], high[is_finite], **line)
    axes.plot(low[~is_finite], y[~is_finite], ">", color=style.COLORS[2])
    axes.set(xscale="log", xlabel="learning rate", ylim=(len(rows) - 0.5, -0.5))


def _share_scale(grid: list[Axes], rows: pd.DataFrame) -> None:
    ends = rows[["stable_rate", "unstable_rate"]].to_numpy(float)
    ends = ends[np.isfinite(ends)]
    for axes in grid:
        if len(ends):
            axes.set_xlim(ends.min() / 1.2, ends.max() * 1.2)
        style.whole_ticks(axes.xaxis)


def _finding(stability: pd.DataFrame) -> str:
    """Return the least stable rate of a law over the largest, on each problem."""
    texts = []
    for problem, rows in stability.dropna(subset=["stable_rate"]).groupby("problem", sort=False):
        by_law = rows.set_index("estimator")["stable_rate"]
        ratio = by_law.min() / by_law.max()
        texts.append(f"{ratio:.2g} on {style.label(str(problem))}")
    if not texts:
        return "Largest stable rate by law"
    return f"Least stable rate of a law over the largest: {', '.join(texts)}"
