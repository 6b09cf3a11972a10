"""Final training loss and step time relative to backprop are shown for every experiment."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

BAND = 0.7
"""Fraction of the distance between two experiments over which the estimators are spread."""
ROW_HEIGHT = 0.3
"""Height of an experiment in inches."""
MARGIN = 0.7
"""Height in inches of the title and the labels of a panel."""


def draw(tables: style.Tables) -> Figure:
    """Draw a row of two panels per framework, with the experiments that the framework ran.

    Args:
        tables: The table `final`.
    """
    final = tables["final"]
    best = final.query("best_rate")
    styles = style.line_styles(final["estimator"].unique())
    experiments_of = {
        backend: list(final[final["backend"] == backend]["experiment"].unique())
        for backend in final["backend"].unique()
    }
    heights = [ROW_HEIGHT * len(names) + MARGIN for names in experiments_of.values()]
    figure, panels = style.new_figure(len(experiments_of), 2, height=heights)
    for (left, right), (backend, names) in zip(panels, experiments_of.items(), strict=True):
        rows = best.query("backend == @backend")
        _dots(left, rows, names, styles, "final_loss")
        left.set(xlabel="final training loss", title=style.BACKENDS[backend])
        _dots(right, _over_backprop(rows), names, styles, "step_ratio")
        right.set(xlabel="step time / backprop step time", title=style.BACKENDS[backend])
        right.axvline(1.0, color="0.5", linewidth=0.8)
        style.plain_ticks(right.xaxis)
    style.add_legend(figure, panels, ncols=min(len(styles), 4), fontsize=8)
    seeds = style.count_range(best["n_ok"])
    style.add_title(
        figure,
        "each estimator at the best rate of the grid; "
        f"inter-quartile mean of n = {seeds} seeds, {style.interval()}",
    )
    return figure


def _over_backprop(final: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the columns `step_ratio`, relative to backprop's step time."""
    backprop = final[final["estimator_kind"] == "backprop"].set_index("experiment")
    seconds = final["experiment"].map(backprop["step_seconds"]).astype(float)
    ratios = {
        f"step_ratio{end}": final[f"step_seconds{end}"] / seconds for end in ("", "_low", "_high")
    }
    return final.assign(**ratios)


def _dots(
    axes: Axes,
    final: pd.DataFrame,
    experiments: list[str],
    styles: style.LineStyles,
    column: str,
) -> None:
    rows = _with_heights(final[final[column].notna()], experiments)
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        lengths = style.error_lengths(part, column)
        errors = [length.clip(lower=0).fillna(0) for length in lengths]
        shape: dict[str, Any] = {"markersize": 3.5, "elinewidth": 1} | style.marker_style(line)
        axes.errorbar(
            part[column],
            part["y"],
            xerr=errors,
            label=style.label(estimator),
            **shape,
        )
    axes.set(
        yticks=range(len(experiments)),
        yticklabels=map(style.label, experiments),
        ylim=(len(experiments) - 0.5, -0.5),
    )
    if len(final):
        axes.set_xscale("log")


def _with_heights(rows: pd.DataFrame, experiments: list[str]) -> pd.DataFrame:
    """Return the rows with a column `y`, which spreads the estimators of an experiment."""
    groups = rows.groupby("experiment")["estimator"]
    position = (groups.cumcount() + 0.5) / groups.transform("size")
    spread = (position - 0.5) * BAND
    return rows.assign(y=rows["experiment"].map(experiments.index).astype(float) + spread)
