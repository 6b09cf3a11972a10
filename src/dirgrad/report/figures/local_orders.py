"""Local order of the error of finite differences, with and without kinks."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality", "orders")
FIGURES = {"quality_orders": ("quality/orders",)}
CATEGORY = "instruments"
TITLE = "Order of finite differences and the kink of ReLU"
CAPTION = """
Slope of the logarithm of the error of a finite difference against the logarithm of its step,
between neighboring steps. Where the loss has derivatives, it is 1 for forward and 2 for central
differences. In a network with ReLU the steps cross kinks, at which no derivative exists, and the
error follows no power. The legend of each panel has the order fitted draw by draw.
"""
ALT = "Lines at 1 and 2 for smooth losses, and lines without a common slope for ReLU."


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of panels per framework and a column per problem."""
    quality = measured(tables["quality"]).query("quality == @name").sort_values("eps")
    orders = tables["orders"].query("quality == @name")
    styles = style.line_styles(quality["estimator"].unique())
    figure, grid = panels.facets(quality, "backend", "problem", width=10.5, height=2.6)
    for axes, rows, backend, problem, first in grid:
        fitted = orders.query("backend == @backend and problem == @problem")
        for order in (1, 2):
            axes.axhline(order, color="0.5", linewidth=0.8, linestyle=":")
        for part, line, _ in style.parts(rows, styles):
            _slopes(axes, part, fitted, line)
        ends = {"xlim": (rows["eps"].min() / 1.4, rows["eps"].max() * 1.4), "ylim": (-0.2, 3.2)}
        axes.set(xscale="log", xlabel="step eps", **ends)
        style.plain_ticks(axes.xaxis)
        axes.set_title(f"{style.BACKENDS[backend]}, {style.label(problem)}", fontsize=9)
        if fitted["order"].notna().any():
            axes.legend(fontsize=7)
        if first:
            axes.set_ylabel("local order of the error")
    return panels.finish(
        figure,
        quality,
        "root mean square error over n = {draws} directions, which all steps share",
        "order: mean of the slopes of all directions, {interval}",
    )


def _slopes(axes: Axes, rows: pd.DataFrame, fitted: pd.DataFrame, line: style.LineStyle) -> None:
    if rows.empty:
        return
    eps, error = (np.log(rows[name].to_numpy(float)) for name in ("eps", "difference_error"))
    slopes = np.diff(error) / np.diff(eps)
    middles = np.exp((eps[1:] + eps[:-1]) / 2)
    name = rows["estimator"].iloc[0]
    label = style.label(name)
    for _, fit in fitted[fitted["estimator"] == name].iterrows():
        label += f": {fit['order']:.3g} [{fit['order_low']:.3g}, {fit['order_high']:.3g}]"
    # Points outside the panel lie at its upper edge.
    axes.plot(middles, np.clip(slopes, -0.1, 3.1), label=label, markersize=4, **line)
