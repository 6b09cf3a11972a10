"""The noise of a forward gradient is what its closed forms say: variance of a coordinate, signal to noise against size, tail."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

ESTIMATOR = "forward_gradient"


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `quality` and `coordinates`. A row of panels per framework."""
    quality = (
        tables["quality"]
        .query("quality == @name and estimator == @ESTIMATOR")
        .sort_values("dimension")
    )
    coordinates = tables["coordinates"].query("quality == @name and estimator == @ESTIMATOR")
    backends = list(quality["backend"].unique())
    made, panels = style.figure(len(backends), 3, height=2.5)
    for row, backend in zip(panels, backends, strict=True):
        here = coordinates.query("backend == @backend")
        _variance(row[0], here)
        _signal_to_noise(row[1], quality.query("backend == @backend"))
        _tail(row[2], here)
        for axes in row:
            axes.set_title(style.BACKENDS[backend])
    made.suptitle(
        f"{style.label(name)}: n = {style.count_range(quality['draws'])} forward gradients at the start of training; line: closed form; "
        f"{style.interval()} of the signal to noise",
        fontsize=9,
    )
    return made


def _variance(axes: Axes, rows: pd.DataFrame) -> None:
    for problem, line in style.lines(rows["problem"].unique()).items():
        part = rows[rows["problem"] == problem]
        shape: dict[str, Any] = {"markersize": 2.5, "alpha": 0.5} | style.mark(line)
        axes.plot(part["variance_theory"], part["variance"], label=style.label(problem), **shape)
    ends = [rows["variance_theory"].min(), rows["variance_theory"].max()]
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=r"$\Vert g\Vert^2 + g_i^2$",
        ylabel="variance of coordinate i",
    )
    for axis in (axes.xaxis, axes.yaxis):
        style.plain_ticks(axis)
    axes.legend(fontsize=6, markerscale=1.5)


def _signal_to_noise(axes: Axes, rows: pd.DataFrame) -> None:
    errors = [rows["snr"] - rows["snr_low"], rows["snr_high"] - rows["snr"]]
    axes.errorbar(
        rows["dimension"], rows["snr"], yerr=errors, fmt="o", color=style.COLOURS[1], markersize=4
    )
    axes.plot(
        rows["dimension"], rows["snr_theory"], color="black", linewidth=0.8, label="1/(d + 1)"
    )
    axes.set(xscale="log", yscale="log", xlabel="parameters d", ylabel="signal to noise ratio")
    axes.legend()


def _tail(axes: Axes, rows: pd.DataFrame) -> None:
    share = np.abs(rows["gradient"]) / rows["gradient_norm"]
    seen = share > 0
    axes.plot(
        share[seen], rows["kurtosis"][seen], ".", color=style.COLOURS[1], markersize=3, alpha=0.5
    )
    order = share[seen].sort_values().index
    axes.plot(share[order], rows.loc[order, "kurtosis_theory"], color="black", linewidth=0.8)
    axes.axhline(3, color="0.5", linestyle=":", linewidth=1)
    axes.annotate(
        "normal law", (0.02, 3), xycoords=("axes fraction", "data"), va="bottom", fontsize=7
    )
    axes.set(
        xscale="log",
        xlabel=r"$|g_i| / \Vert g\Vert$",
        ylabel="kurtosis of coordinate i",
        ylim=(0, None),
    )
