"""Times of a gradient estimate and of a whole step are shown relative to the forward pass.

The orange marks are the FLOP bound, a lower bound from the number of multiplications.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

PARTS = {
    "gradient_over_forward": ("estimate", "o", "none", 0.14),
    "step_over_forward": ("whole step", "s", "full", -0.14),
}
"""Label, marker, fill style and vertical shift of each column."""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of panels per framework and a column per problem and batch size.

    Args:
        tables: The table `cost`.
        *names: The cost measurements to show.
    """
    cost = tables["cost"].query("cost in @names")
    backends = cost["backend"].unique()
    # The y axis points upward, so the reversed order puts the first estimator at the top.
    estimators = list(cost["estimator"].unique())[::-1]
    subjects = list(cost[["problem", "batch_size"]].drop_duplicates().itertuples(index=False))
    figure, panels = style.new_figure(
        len(backends),
        len(subjects),
        height=0.6 + 0.26 * len(estimators),
        width=2.2 + 2.1 * len(subjects),
    )
    for panel_row, backend in zip(panels, backends, strict=True):
        for axes, (problem, batch_size) in zip(panel_row, subjects, strict=True):
            rows = cost.query(
                "backend == @backend and problem == @problem and batch_size == @batch_size"
            )
            _dots(axes, rows.set_index("estimator").reindex(estimators))
            title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nbatch {batch_size}"
            axes.set_title(title, fontsize=9)
            labels = [style.label(estimator) for estimator in estimators]
            axes.set_yticks(range(len(estimators)), labels if axes is panel_row[0] else [])
            axes.set_xlabel("time / forward time")
    style.add_legend(figure, panels, ncols=4)
    rounds = style.count_range(cost["n"])
    style.add_title(
        figure,
        f"inter-quartile mean of n = {rounds} rounds, {style.interval()}; "
        f"differences smaller than the gray band are not ranked{style.noise_warning(cost)}",
    )
    return figure


def _dots(axes: Axes, rows: pd.DataFrame) -> None:
    y = np.arange(len(rows))
    for column, (label, marker, fill, shift) in PARTS.items():
        axes.errorbar(
            rows[column],
            y + shift,
            xerr=style.error_lengths(rows, column),
            label=label,
            elinewidth=0.8,
            marker=marker,
            fillstyle=fill,
            color="black",
            markersize=4,
            linestyle="",
        )
    bound_style: dict[str, Any] = {"color": "#D55E00", "markersize": 11, "markeredgewidth": 2}
    axes.plot(rows["flop_bound_over_forward"], y, "|", label="FLOP bound", **bound_style)
    noise = rows.dropna(subset=["timing_noise_low"]).iloc[0]
    axes.axvspan(
        noise["timing_noise_low"],
        noise["timing_noise_high"],
        color="0.8",
        zorder=0,
        label=style.NOISE_LABEL,
    )
    axes.set(xscale="log", ylim=(-0.6, len(rows) - 0.4))
    style.whole_ticks(axes.xaxis)
