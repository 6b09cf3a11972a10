"""Each estimator compared with backprop, both at their own best learning rates."""

from collections.abc import Sequence
from math import ceil, floor, log10

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
where both first reach the same training loss.
"""
ALT = "A row per experiment, a point per estimator: steps to the target, and test accuracy."

BAND = 0.7
"""Fraction of the distance between two experiments over which the estimators are spread."""


def draw(tables: style.Tables) -> Figure:
    """Draw a row of two panels per framework, with the experiments that include backprop."""
    targets = _other_than_backprop(tables["targets"])
    experiments = list(targets["experiment"].unique())
    equal_loss = tables["equal_loss"].query("experiment in @experiments")
    styles = style.line_styles(["backprop", *targets["estimator"].unique()])
    height = 0.45 * len(experiments) + 1.0
    figure, grid = panels.facet_rows(targets, "backend", 2, height=height)
    for (left, right), rows, backend in grid:
        _dots(left, rows, experiments, "steps_over_backprop", styles)
        left.set(xscale="log", xlabel="steps to the target / backprop steps")
        style.plain_ticks(left.xaxis)
        _unreached(left, rows, experiments, styles)
        left.set_xlim(*_decades(targets["steps_over_backprop"].dropna()))
        left.set_title(style.BACKENDS[backend])
        rows = equal_loss.query("backend == @backend")
        _dots(right, rows, experiments, "difference", styles)
        right.axvline(0, color="0.5", linewidth=0.8)
        right.set_xlabel("test accuracy minus backprop's,\nat equal training loss")
        right.set_title(style.BACKENDS[backend])
    title = "each estimator at its own best rate; inter-quartile mean of n = {n} fresh seeds"
    legend_of = figure.axes[1:2]
    return panels.finish(figure, targets, title + ", {interval}", legend=3, legend_of=legend_of)


def _other_than_backprop(targets: pd.DataFrame) -> pd.DataFrame:
    """Return the other estimators of the experiments that include backprop."""
    backprop = targets["estimator"] == "backprop"
    with_backprop = targets.loc[backprop, "experiment"]
    return targets[~backprop & targets["experiment"].isin(with_backprop)]


def _decades(ratios: pd.Series) -> tuple[float, float]:
    """Return axis limits at powers of ten, which enclose all ratios and the range from 1 to 10."""
    low, high = (ratios.min(), 2 * ratios.max()) if len(ratios) else (1.0, 10.0)
    return 10.0 ** min(floor(log10(low)), 0), 10.0 ** max(ceil(log10(high)), 1)


def _height(
    experiments: Sequence[str], styles: style.LineStyles, experiment: str, estimator: str
) -> float:
    position = (list(styles).index(estimator) + 0.5) / len(styles)
    return experiments.index(experiment) + (position - 0.5) * BAND


def _dots(
    axes: Axes,
    rows: pd.DataFrame,
    experiments: Sequence[str],
    column: str,
    styles: style.LineStyles,
) -> None:
    rows = rows[rows[column].notna()] if column in rows else rows[:0]
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        if len(part):
            y = [_height(experiments, styles, name, estimator) for name in part["experiment"]]
            name = style.label(estimator)
            style.points_across(axes, part, column, y, line, name, size=5)
    style.name_heights(axes, experiments)


def _unreached(
    axes: Axes, rows: pd.DataFrame, experiments: Sequence[str], styles: style.LineStyles
) -> None:
    """Write how many trials reached the target, for estimators whose ratio is undefined."""
    place: style.LineStyle = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center"}
    for row in rows[rows["n_reached"] < rows["n"]].to_dict("records"):
        y = _height(experiments, styles, row["experiment"], row["estimator"])
        text = f"{style.label(row['estimator'])}: reached by {row['n_reached']} of {row['n']}"
        axes.annotate(text, (0.98, y), fontsize=7, **place)
