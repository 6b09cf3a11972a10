"""Problems of two parameters by backprop and by the forward gradient: loss against iterations and against seconds, and the paths
over the contours: the layout of Baydin et al. 2022, figure 2."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style
from dirgrad.report.figures.trajectories import contours, paths

SHOWN = ("backprop", "forward_gradient")


def draw(tables: Mapping[str, pd.DataFrame], *experiments: str) -> Figure:
    """tables: `curves`, `trajectories` and `landscape`. A row of panels per experiment and framework."""
    curves = tables["curves"].query("estimator in @SHOWN and experiment in @experiments")
    rows = [(name, backend) for name in experiments for backend in curves["backend"].unique()]
    made, panels = style.figure(len(rows), 3, height=2.1)
    for row, (experiment, backend) in zip(panels, rows, strict=True):
        here = curves.query("experiment == @experiment and backend == @backend")
        for axes, (column, label) in zip(row, style.ABSCISSAE.items(), strict=False):
            for estimator, line in style.lines(SHOWN).items():
                part = here[here["estimator"] == estimator]
                style.line_with_interval(
                    axes, part[column], part, "loss", line, style.label(estimator)
                )
            axes.set(
                xlabel=label,
                ylabel="loss",
                yscale="log",
                title=f"{style.label(experiment)}, {style.BACKENDS[backend]}",
            )
        chosen = tables["trajectories"].query("experiment == @experiment and backend == @backend")
        _map(row[2], chosen, tables["landscape"].query("experiment == @experiment"))
    panels[0][0].legend()
    made.suptitle(
        f"inter-quartile mean of n = {style.count_range(curves['n'])} runs, {style.interval()}; right: every run",
        fontsize=9,
    )
    return made


def _map(axes: Axes, chosen: pd.DataFrame, landscape: pd.DataFrame) -> None:
    contours(axes, landscape)
    lines: dict[str, dict[str, Any]] = style.lines(SHOWN)
    for estimator in reversed(SHOWN):
        paths(axes, chosen[chosen["estimator"] == estimator], lines[estimator]["color"])
    axes.set(xlabel="x", ylabel="y")
