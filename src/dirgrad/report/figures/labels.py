"""Names written at the ends of lines, instead of a legend."""

import numpy as np
from matplotlib.axes import Axes

GAP = 1.15
"""Least distance between two names, in heights of their text."""
SHRINK = 0.65
"""Height of a panel after its title and labels took their room, over its height before."""


def name_lines(axes: Axes, size: float = 7.0) -> None:
    """Write the label of each line to the right of the panel, at the height of its last point.

    Names that would overlap are moved apart, and each is joined to its line. The scales and the
    limits of the panel must be set before.

    Args:
        axes: The panel.
        size: Size of the text in points.
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
    heights = [fraction.transform(point)[1] for point, _ in ends]
    inches = SHRINK * axes.bbox.height / axes.get_figure(root=True).dpi
    lines_of_text = 1 + max(str(line.get_label()).count("\n") for _, line in ends)
    gap = GAP * lines_of_text * size / 72 / inches
    spread = spread_apart(np.clip(heights, 0, 1), gap)
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
                "shrinkA": 0,
                "shrinkB": 2,
            },
            annotation_clip=False,
        )


def spread_apart(heights: np.ndarray, gap: float) -> np.ndarray:
    """Return heights in the same order that differ by at least `gap`, as near as possible.

    Args:
        heights: Heights, (n,).
        gap: Least difference between two of them.

    Returns:
        The least-squares approximation of the heights, (n,).
    """
    order = np.argsort(heights, kind="stable")
    # Without the gaps, the condition is that the heights do not decrease.
    shift = gap * np.arange(len(heights))
    blocks: list[list[float]] = []
    for value in np.asarray(heights, dtype=float)[order] - shift:
        blocks.append([value])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    level = np.concatenate([np.full(len(block), np.mean(block)) for block in blocks])
    spread = np.empty(len(heights))
    spread[order] = level + shift
    return spread
