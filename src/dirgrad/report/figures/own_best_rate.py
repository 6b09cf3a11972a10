"""Each estimator compared with backprop, both at their own best learning rates."""

from collections.abc import Sequence
from math import ceil, floor, log10

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("targets", "equal_loss")
FIGURES = {"fair": ()}
ANY = "tuned experiment"
CATEGORY = "frye"
TITLE = "Comparison with backprop"
CAPTION = """
Each estimator at its own best learning rate, on fresh seeds. Left: steps to the target
relative to backprop with the same seed. Right: difference in test accuracy,
where both first reach the same training loss. A bar is the range in which the mean lies,
because a curve is recorded at some steps only. A triangle is a lower bound: not all trials
reached the target.
"""
ALT = "A row per experiment, a point per estimator: steps to the target, and test accuracy."


def draw(tables: style.Tables) -> Figure:
    """Draw a row of two panels per framework, with the experiments that include backprop."""
    targets = _other_than_backprop(tables["targets"])
    experiments = list(targets["experiment"].unique())
    equal_loss = tables["equal_loss"].query("experiment in @experiments")
    styles = style.line_styles(["backprop", *targets["estimator"].unique()])
    height = 0.45 * len(experiments) + 1.0
    figure, grid = panels.facet_rows(targets, "backend", 2, height=height)
    for (left, right), rows, backend in grid:
        names = [name for name in experiments if name in set(rows["experiment"])]
        _ranges(left, rows, names, "steps_over_backprop", styles)
        left.set(xscale="log", xlabel="steps to the target / backprop steps")
        left.set_xlim(*_decades(targets))
        style.plain_ticks(left.xaxis)
        left.set_title(style.BACKENDS[backend])
        rows = equal_loss.query("backend == @backend")
        _ranges(right, rows, names, "difference", styles)
        right.axvline(0, color="0.5", linewidth=0.8)
        right.set_xlabel("test accuracy minus backprop's,\nat equal training loss")
        right.set_title(style.BACKENDS[backend])
    return panels.finish(
        figure,
        targets,
        "each estimator at its own best rate, n = {n} fresh seeds",
        "bar: interval of the inter-quartile mean between record points; triangle: lower bound",
        legend=3,
        legend_of=figure.axes[:1],
    )


def _other_than_backprop(targets: pd.DataFrame) -> pd.DataFrame:
    """Return the other estimators of the experiments that include backprop."""
    backprop = targets["estimator"] == "backprop"
    with_backprop = targets.loc[backprop, "experiment"]
    return targets[~backprop & targets["experiment"].isin(with_backprop)]


def _decades(targets: pd.DataFrame) -> tuple[float, float]:
    """Return axis limits at powers of ten, which enclose all ratios and the range from 1 to 10."""
    ends = targets[[f"steps_over_backprop{end}" for end in ("_from", "_to")]].to_numpy(float)
    finite = ends[np.isfinite(ends) & (ends > 0)]
    low, high = (finite.min(), 2 * finite.max()) if len(finite) else (1.0, 10.0)
    return 10.0 ** min(floor(log10(low)), 0), 10.0 ** max(ceil(log10(high)), 1)


def _ranges(
    axes: Axes,
    rows: pd.DataFrame,
    experiments: Sequence[str],
    column: str,
    styles: style.LineStyles,
) -> None:
    """Draw the range of each mean, or a triangle at its lower bound."""
    bounded = rows[rows["experiment"].isin(experiments) & rows[f"{column}_from"].notna()]
    bounded = style.with_heights(bounded, experiments)
    for estimator, line in styles.items():
        label = style.label(estimator)
        for row in bounded[bounded["estimator"] == estimator].to_dict("records"):
            y, ends = row["height"], [row[f"{column}_from"], row[f"{column}_to"]]
            if np.isnan(ends[1]):
                axes.plot(ends[:1], [y], color=line["color"], marker=">", ls="", label=label)
            else:
                axes.plot(ends, [y, y], **line | {"linestyle": "-", "markersize": 4}, label=label)
            # The legend names each estimator once.
            label = "_"
    style.name_heights(axes, experiments)
