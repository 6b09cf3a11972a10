"""What a gradient estimate and a whole step cost, over the function alone, beside the floor that multiplications set."""

from collections.abc import Mapping
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


def draw(tables: Mapping[str, pd.DataFrame], *names: str) -> Figure:
    """tables: `cost`. A row of panels per framework, a panel per problem and size of the minibatch."""
    cost = tables["cost"].query("cost in @names")
    backends, estimators = list(cost["backend"].unique()), list(cost["estimator"].unique())[::-1]
    subjects = list(cost[["problem", "batch_size"]].drop_duplicates().itertuples(index=False))
    made, panels = style.figure(
        len(backends),
        len(subjects),
        height=0.6 + 0.26 * len(estimators),
        width=2.2 + 2.1 * len(subjects),
    )
    for row, backend in zip(panels, backends, strict=True):
        for axes, (problem, batch_size) in zip(row, subjects, strict=True):
            here = cost.query(
                "backend == @backend and problem == @problem and batch_size == @batch_size"
            )
            _dots(axes, here.set_index("estimator").reindex(estimators))
            axes.set_title(
                f"{style.BACKENDS[backend]}, {style.label(problem)},\nbatch {batch_size}",
                fontsize=9,
            )
            axes.set_yticks(
                range(len(estimators)),
                [style.label(one) for one in estimators] if axes is row[0] else [],
            )
            axes.set_xlabel("time / function alone")
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"inter-quartile mean of n = {style.count_range(cost['n'])} rounds, {style.interval()}; nothing that differs by less than "
        f"the grey band is ranked{style.noisy(cost)}",
        fontsize=9,
    )
    return made


def _dots(axes: Axes, rows: pd.DataFrame) -> None:
    place = np.arange(len(rows))
    for column, (label, marker, fill, shift) in PARTS.items():
        ends = [rows[column] - rows[f"{column}_low"], rows[f"{column}_high"] - rows[column]]
        shape: dict[str, Any] = {
            "marker": marker,
            "fillstyle": fill,
            "color": "black",
            "markersize": 4,
            "linestyle": "",
        }
        axes.errorbar(rows[column], place + shift, xerr=ends, label=label, elinewidth=0.8, **shape)
    floor: dict[str, Any] = {"color": "#D55E00", "markersize": 11, "markeredgewidth": 2}
    axes.plot(
        rows["flop_bound_over_forward"], place, "|", label="floor of multiplications", **floor
    )
    first = rows.dropna(subset=["timing_noise_low"]).iloc[0]
    axes.axvspan(
        first["timing_noise_low"],
        first["timing_noise_high"],
        color="0.8",
        zorder=0,
        label=style.NOISE_LABEL,
    )
    axes.set(xscale="log", ylim=(-0.6, len(rows) - 0.4))
    style.whole_ticks(axes.xaxis)
