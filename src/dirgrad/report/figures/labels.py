"""Names written at the ends of lines, instead of a legend."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dirgrad.report.figures import style

GAP = 1.15
"""Least distance between two names, in heights of their text."""


def draw_lines(
    axes: Axes,
    rows: pd.DataFrame,
    x: str,
    column: str,
    styles: style.LineStyles,
    unit: float = 1.0,
) -> None:
    """Draw a line with its interval per estimator that has rows, labeled with its short name.

    Args:
        axes: The panel.
        rows: Rows with the column `estimator`, in the order of the line.
        x: Column of the abscissas.
        column: Column of the values, with its interval.
        styles: Line style by estimator.
        unit: Number by which the values are divided.
    """
    for name, line in styles.items():
        part = rows[rows["estimator"] == name]
        if len(part):
            label = style.short_label(name)
            style.line_with_interval(axes, part[x], part, column, line, label, unit)


def name_lines(axes: Axes, size: float = 7.0, shrinkage: float = 0.9) -> None:
    """Write the label of each line to the right of the panel, at the height of its last point.

    Names that would overlap are moved apart. A thin line joins each name to its curve. The scales
    and the limits of the panel must be set before.

    Args:
        axes: The panel.
        size: Size of the text in points.
        shrinkage: Height of the panel with its titles and labels, over its height before.
    """
    ends = []
    for line in axes.get_lines():
        points = np.asarray(line.get_xydata(), dtype=float)
        points = points[np.isfinite(points).all(axis=1)]
        if len(points) and not str(line.get_label()).startswith("_"):
            ends.append((points[-1], line))
    if not ends:
        return
    fraction = axes.transData + axes.transAxes.inverted()
    heights = np.array([fraction.transform(point)[1] for point, _ in ends])
    inches = shrinkage * axes.bbox.height / axes.figure.dpi
    rows = np.array([1 + str(line.get_label()).count("\n") for _, line in ends])
    spread = spread_apart(heights, GAP * size / 72 / inches * rows)
    for (point, line), height in zip(ends, spread, strict=True):
        axes.annotate(
            str(line.get_label()),
            xy=(float(point[0]), float(point[1])),
            xytext=(1.03, height),
            textcoords="axes fraction",
            fontsize=size,
            va="center",
            arrowprops={
                "arrowstyle": "-",
                "color": line.get_color(),
                "linewidth": 0.6,
                "relpos": (0, 0.5),
                "shrinkA": 0,
                "shrinkB": 2,
            },
            annotation_clip=False,
        )


def spread_apart(heights: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the centers of texts that do not overlap, as near to their heights as possible.

    All texts lie between 0 and 1 if there is room for them.

    Args:
        heights: Height of each text, (n,).
        sizes: Extent of each text in the same unit, (n,).

    Returns:
        The least-squares approximation of the heights, (n,).
    """
    order = np.argsort(heights, kind="stable")
    extents = np.asarray(sizes, dtype=float)[order]
    # Without the extents of the texts below, the condition is that the values do not decrease.
    below = np.cumsum(extents) - extents / 2
    blocks: list[list[float]] = []
    for value in np.asarray(heights, dtype=float)[order] - below:
        blocks.append([value])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    levels = np.concatenate([np.full(len(block), np.mean(block)) for block in blocks])
    spread = np.empty(len(order))
    spread[order] = np.clip(levels, 0.0, max(1.0 - extents.sum(), 0.0)) + below
    return spread
