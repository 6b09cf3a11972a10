"""The signal of an estimate over its noise, against the number of parameters and of directions, beside the closed forms."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

SIGNAL = r"signal to noise $\Vert g\Vert^2 / E\Vert\hat g - g\Vert^2$"


def draw(tables: Mapping[str, pd.DataFrame], dimension: str, directions: str) -> Figure:
    """tables: `quality`. A row of panels per framework: against d for each law, against K for one."""
    quality = tables["quality"].query("quality in [@dimension, @directions]")
    backends, kinds = list(quality["backend"].unique()), style.lines(quality["direction"].unique())
    made, panels = style.figure(len(backends), 2, height=2.9)
    for (left, right), backend in zip(panels, backends, strict=True):
        here = quality.query("backend == @backend")
        # Beside one another: the laws lie on the same line.
        for i, (law, line) in enumerate(kinds.items()):
            rows = here.query("quality == @dimension and direction == @law").sort_values(
                "dimension"
            )
            _points(left, rows, "dimension", rows["dimension"] * 1.18 ** (i - 1.5), line, law)
        many = here.query("quality == @directions").sort_values("num_directions")
        _points(
            right,
            many,
            "num_directions",
            many["num_directions"],
            next(iter(kinds.values())),
            "gaussian",
        )
        left.set(xlabel="parameters d (points set apart)", ylabel=SIGNAL)
        right.set(
            xlabel=f"directions K (d = {style.count_range(many['dimension'])})",
            ylabel=SIGNAL,
            xticks=many["num_directions"],
        )
        for axes in (left, right):
            axes.set(xscale="log", yscale="log", title=style.BACKENDS[backend])
            style.plain_ticks(axes.xaxis)
            style.plain_ticks(axes.yaxis)
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=5)
    worst = quality["snr_z"].abs().max()
    made.suptitle(
        f"n = {style.count_range(quality['draws'])} estimates, {style.interval()}; line: closed form "
        f"(worst residual {worst:.1f} standard errors of {quality['snr_z'].notna().sum()})",
        fontsize=9,
    )
    return made


def _points(
    axes: Axes, rows: pd.DataFrame, column: str, x: pd.Series, line: Mapping[str, Any], law: str
) -> None:
    style.points_with_interval(axes, x, rows, "snr", line, law)
    axes.plot(rows[column], rows["snr_theory"], color="0.4", linewidth=0.8, zorder=0)
