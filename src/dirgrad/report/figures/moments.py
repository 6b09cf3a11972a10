"""Measured noise of the forward gradient is compared with its closed forms.

The panels show the variance of each coordinate, the signal-to-noise ratio (SNR) against the number
of parameters, and the kurtosis of each coordinate. The lines are the closed forms.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

ESTIMATOR = "forward_gradient"


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of three panels per framework.

    Args:
        tables: The tables `quality` and `coordinates`.
        name: The quality measurement to show.
    """
    selection = "quality == @name and estimator == @ESTIMATOR"
    quality = tables["quality"].query(selection).sort_values("dimension")
    coordinates = tables["coordinates"].query(selection)
    backends = quality["backend"].unique()
    figure, panels = style.new_figure(len(backends), 3, height=2.5)
    for panel_row, backend in zip(panels, backends, strict=True):
        rows = coordinates.query("backend == @backend")
        _variance(panel_row[0], rows)
        _signal_to_noise(panel_row[1], quality.query("backend == @backend"))
        _tail(panel_row[2], rows)
        for axes in panel_row:
            axes.set_title(style.BACKENDS[backend])
    draws = style.count_range(quality["draws"])
    style.add_title(
        figure,
        f"{style.label(name)}: n = {draws} forward gradients at the start of training",
        f"line: closed form; SNR with {style.interval()}",
    )
    return figure


def _variance(axes: Axes, rows: pd.DataFrame) -> None:
    for problem, line in style.line_styles(rows["problem"].unique()).items():
        part = rows[rows["problem"] == problem]
        shape: dict[str, Any] = {"markersize": 2.5, "alpha": 0.5} | style.marker_style(line)
        axes.plot(part["variance_theory"], part["variance"], label=style.label(problem), **shape)
    ends = [rows["variance_theory"].min(), rows["variance_theory"].max()]
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set(xscale="log", yscale="log")
    axes.set(xlabel=r"$\Vert g\Vert^2 + g_i^2$", ylabel="variance of coordinate i")
    for axis in (axes.xaxis, axes.yaxis):
        style.plain_ticks(axis)
    axes.legend(fontsize=6, markerscale=1.5)


def _signal_to_noise(axes: Axes, rows: pd.DataFrame) -> None:
    d = rows["dimension"]
    errors = style.error_lengths(rows, "snr")
    axes.errorbar(
        d,
        rows["snr"],
        yerr=errors,
        fmt="o",
        color=style.COLORS[1],
        markersize=4,
    )
    axes.plot(
        d,
        rows["snr_theory"],
        color="black",
        linewidth=0.8,
        label="1/(d + 1)",
    )
    axes.set(xscale="log", yscale="log", xlabel="parameters d", ylabel="SNR")
    axes.legend()


def _tail(axes: Axes, rows: pd.DataFrame) -> None:
    # A logarithmic axis cannot show coordinates with gradient zero.
    share = np.abs(rows["gradient"]) / rows["gradient_norm"]
    share = share[share > 0]
    measured = rows.loc[share.index, "kurtosis"]
    axes.plot(
        share,
        measured,
        ".",
        color=style.COLORS[1],
        markersize=3,
        alpha=0.5,
    )
    share = share.sort_values()
    theory = rows.loc[share.index, "kurtosis_theory"]
    axes.plot(share, theory, color="black", linewidth=0.8)
    axes.axhline(3, color="0.5", linestyle=":", linewidth=1)
    axes.annotate(
        "normal distribution",
        (0.02, 3),
        xycoords=("axes fraction", "data"),
        va="bottom",
        fontsize=7,
    )
    axes.set(xscale="log", xlabel=r"$|g_i| / \Vert g\Vert$")
    axes.set(ylabel="kurtosis of coordinate i", ylim=(0, None))
