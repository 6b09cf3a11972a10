"""Each estimator is compared with backprop, both at their own best learning rates.

The panels show the steps to the target relative to backprop, and the difference in test accuracy
at equal training loss.
"""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

BAND = 0.7
"""Fraction of the distance between two experiments over which the estimators are spread."""


def draw(tables: style.Tables) -> Figure:
    """Draw a row of two panels per framework, with the experiments that include backprop.

    Args:
        tables: The tables `targets` and `equal_loss`.
    """
    targets = _other_than_backprop(tables["targets"])
    experiments = list(targets["experiment"].unique())
    equal_loss = tables["equal_loss"]
    equal_loss = equal_loss[equal_loss["experiment"].isin(experiments)]
    backends = targets["backend"].unique()
    styles = style.line_styles(["backprop", *targets["estimator"].unique()])
    height = 0.45 * len(experiments) + 1.0
    figure, panels = style.new_figure(max(len(backends), 1), 2, height=height)
    for (left, right), backend in zip(panels, backends, strict=False):
        rows = targets.query("backend == @backend")
        _steps(left, rows, experiments, styles)
        left.set_xlim(*_decades(targets["steps_over_backprop"].dropna()))
        left.set_title(style.BACKENDS[backend])
        _accuracies(right, equal_loss.query("backend == @backend"), experiments, styles)
        right.set_title(style.BACKENDS[backend])
    style.add_legend(figure, panels[:1, 1:], ncols=3)
    seeds = style.count_range(targets["n"])
    style.add_title(
        figure,
        "each estimator at its own best rate; "
        f"inter-quartile mean of n = {seeds} fresh seeds, {style.interval()}",
    )
    return figure


def _other_than_backprop(targets: pd.DataFrame) -> pd.DataFrame:
    """Return the other estimators of the experiments that include backprop."""
    backprop = targets["estimator"] == "backprop"
    with_backprop = targets.loc[backprop, "experiment"]
    return targets[~backprop & targets["experiment"].isin(with_backprop)]


def _decades(ratios: pd.Series) -> tuple[float, float]:
    """Return axis limits at powers of ten, which enclose all ratios and the range from 1 to 10."""
    low, high = (ratios.min(), 2 * ratios.max()) if len(ratios) else (1.0, 10.0)
    return 10.0 ** min(floor(log10(low)), 0), 10.0 ** max(ceil(log10(high)), 1)


def _steps(
    axes: Axes,
    rows: pd.DataFrame,
    experiments: Sequence[str],
    styles: style.LineStyles,
) -> None:
    _dots(axes, rows, experiments, "steps_over_backprop", styles)
    axes.set(xscale="log", xlabel="steps to the target / backprop steps")
    style.plain_ticks(axes.xaxis)
    _unreached(axes, rows, experiments, styles)


def _accuracies(
    axes: Axes,
    rows: pd.DataFrame,
    experiments: Sequence[str],
    styles: style.LineStyles,
) -> None:
    _dots(axes, rows, experiments, "difference", styles)
    axes.axvline(0, color="0.5", linewidth=0.8)
    axes.set_xlabel("test accuracy minus backprop's,\nat equal training loss")


def _height(
    experiments: Sequence[str],
    styles: Mapping[str, Any],
    experiment: str,
    estimator: str,
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
            lengths = style.error_lengths(part, column)
            errors = [length.clip(lower=0).fillna(0) for length in lengths]
            shape: dict[str, Any] = {"markersize": 5, "elinewidth": 1} | style.marker_style(line)
            axes.errorbar(
                part[column],
                y,
                xerr=errors,
                label=style.label(estimator),
                **shape,
            )
    axes.set(
        yticks=range(len(experiments)),
        yticklabels=map(style.label, experiments),
        ylim=(len(experiments) - 0.5, -0.5),
    )


def _unreached(
    axes: Axes,
    rows: pd.DataFrame,
    experiments: Sequence[str],
    styles: Mapping[str, Any],
) -> None:
    """Write how many trials reached the target, for estimators whose ratio is undefined."""
    for row in rows[rows["n_reached"] < rows["n"]].to_dict("records"):
        y = _height(experiments, styles, row["experiment"], row["estimator"])
        axes.annotate(
            f"{style.label(row['estimator'])}: reached by {row['n_reached']} of {row['n']}",
            (0.98, y),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="center",
            fontsize=7,
        )
