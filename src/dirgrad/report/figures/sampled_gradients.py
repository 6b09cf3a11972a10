"""Gradient estimates in two dimensions as arrows, with their mean and the exact gradient: what unbiased means, and noisy."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

SHOWN = 12
"""Arrows of single estimates."""
ESTIMATOR = "forward_gradient"
ENDS = ["estimate_0", "estimate_1"]


def draw(tables: Mapping[str, pd.DataFrame], problem: str) -> Figure:
    """tables: `estimates` and `coordinates`."""
    estimates = tables["estimates"].query("quality == @problem and estimator == @ESTIMATOR")
    exact = tables["coordinates"].query("quality == @problem and estimator == @ESTIMATOR")
    backends = list(estimates["backend"].unique())
    made, panels = style.figure(1, len(backends), height=3.6)
    for axes, backend in zip(panels[0], backends, strict=True):
        _panel(axes, estimates.query("backend == @backend"), exact.query("backend == @backend"))
        axes.set(
            title=style.BACKENDS[backend],
            xlabel="derivative with respect to x",
            ylabel="derivative with respect to y",
        )
    handles, labels = panels[0][0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower center", ncols=3)
    count = style.count_range(estimates.groupby("backend").size())
    made.suptitle(
        f"{style.label(problem)}: {SHOWN} of n = {count} forward gradients at one point, all descending from the origin; "
        "mean of all with 95 % normal interval",
        fontsize=9,
    )
    return made


def _panel(axes: Axes, estimates: pd.DataFrame, exact: pd.DataFrame) -> None:
    for i, (x, y) in enumerate(estimates[ENDS].head(SHOWN).to_numpy()):
        _arrow(axes, x, y, color="0.65", width=0.004, label="forward gradients" if i == 0 else None)
    gradient = exact.sort_values("coordinate")["gradient"].to_numpy()
    _arrow(axes, *gradient, color=style.COLOURS[0], width=0.012, label="exact gradient")
    mean, error = estimates[ENDS].mean(), 1.96 * estimates[ENDS].std() / sqrt(len(estimates))
    ends: dict[str, Any] = {
        "x": mean.iloc[0],
        "y": mean.iloc[1],
        "xerr": error.iloc[0],
        "yerr": error.iloc[1],
    }
    axes.errorbar(
        **ends, fmt="D", color=style.COLOURS[2], markersize=5, capsize=2, label="mean", zorder=4
    )
    reach = estimates[ENDS].head(SHOWN).abs().to_numpy().max() * 1.1
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")


def _arrow(axes: Axes, x: float, y: float, **line: Any) -> None:
    axes.quiver(0, 0, x, y, angles="xy", scale_units="xy", scale=1, **line)
