"""Lines against the number of layers, which several figures draw."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes

from dirgrad.report.figures import labels, style

EXACT = {"jax": "xla_temp_bytes", "torch": "graph_temp_bytes"}
"""Column with the exact temporary bytes of a step, by framework."""

LEAST_RATIO = 2.0
"""Least ratio of two labeled depths, so that their labels do not overlap."""


def apart(depths: Iterable[float]) -> list[float]:
    """Return the largest depth, and the next ones below that are apart, in ascending order."""
    labeled: list[float] = []
    for depth in sorted(depths, reverse=True):
        if not labeled or labeled[-1] >= LEAST_RATIO * depth:
            labeled.append(depth)
    return labeled[::-1]


def draw_lines(
    axes: Axes, rows: pd.DataFrame, column: str, unit: float, styles: style.LineStyles
) -> None:
    """Draw a line per estimator on logarithmic scales, which have no zero.

    Args:
        axes: The panel.
        rows: Rows with the columns `estimator` and `depth`.
        column: Column of the values, with its interval.
        unit: Number by which the values are divided.
        styles: Line style by estimator.
    """
    positive = rows[rows[column] > 0].sort_values("depth")
    labels.draw_lines(axes, positive, "depth", column, styles, unit)
    axes.set(xscale="log", yscale="log", xticks=apart(rows["depth"].unique()))
    style.plain_ticks(axes.xaxis)
    style.whole_ticks(axes.yaxis)
