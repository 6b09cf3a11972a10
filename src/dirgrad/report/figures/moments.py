"""Measured noise of the forward gradient compared with its closed forms."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality", "coordinates")
FIGURES = {"frye_noise": ("quality/growth",)}
CATEGORY = "frye"
TITLE = "Noise of the forward gradient"
CAPTION = """
Variance of single coordinates, signal-to-noise ratio (SNR) against the number of parameters,
and kurtosis of single coordinates (the heavy tail). Each panel shows the closed form as a line.
"""
ALT = "Three panels of measured points on lines of theory: variance, SNR and kurtosis."

ESTIMATOR = "forward_gradient"


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of three panels per framework."""
    selection = "quality == @name and estimator == @ESTIMATOR"
    quality = measured(tables["quality"]).query(selection).sort_values("dimension")
    coordinates = tables["coordinates"].query(selection)
    figure, grid = panels.facet_rows(quality, "backend", 3, height=2.5)
    for panel_row, ratios, backend in grid:
        rows = coordinates.query("backend == @backend")
        _variance(panel_row[0], rows)
        _signal_to_noise(panel_row[1], ratios)
        _tail(panel_row[2], rows)
        for axes in panel_row:
            axes.set_title(style.BACKENDS[backend])
    return panels.finish(
        figure,
        quality,
        "{subject}: n = {draws} forward gradients at the start of training",
        "line: closed form; SNR with {interval}",
        subject=style.label(name),
    )


def _variance(axes: Axes, rows: pd.DataFrame) -> None:
    styles = style.line_styles(rows["problem"].unique())
    for part, line, problem in style.parts(rows, styles, "problem"):
        shape: style.LineStyle = {"markersize": 2.5, "alpha": 0.5} | style.marker_style(line)
        axes.plot(part["variance_theory"], part["variance"], label=problem, **shape)
    ends = [rows["variance_theory"].min(), rows["variance_theory"].max()]
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set(xscale="log", yscale="log")
    axes.set(xlabel=r"$\Vert g\Vert^2 + g_i^2$", ylabel="variance of coordinate i")
    style.plain_ticks(axes.xaxis, axes.yaxis)
    axes.legend(fontsize=6, markerscale=1.5)


def _signal_to_noise(axes: Axes, rows: pd.DataFrame) -> None:
    d, errors = rows["dimension"], style.error_lengths(rows, "snr")
    axes.errorbar(d, rows["snr"], yerr=errors, fmt="o", color=style.COLORS[1], markersize=4)
    axes.plot(d, rows["snr_theory"], color="black", linewidth=0.8, label="1/(d + 1)")
    axes.set(xscale="log", yscale="log", xlabel="parameters d", ylabel="SNR")
    axes.legend()


def _tail(axes: Axes, rows: pd.DataFrame) -> None:
    # A logarithmic axis cannot show coordinates with gradient zero.
    share = rows["gradient"].abs() / rows["gradient_norm"]
    share = share[share > 0]
    measured = rows.loc[share.index, "kurtosis"]
    axes.plot(share, measured, ".", color=style.COLORS[1], markersize=3, alpha=0.5)
    share = share.sort_values()
    axes.plot(share, rows.loc[share.index, "kurtosis_theory"], color="black", linewidth=0.8)
    axes.axhline(3, color="0.5", linestyle=":", linewidth=1)
    place: style.LineStyle = {"xycoords": ("axes fraction", "data"), "va": "bottom", "fontsize": 7}
    axes.annotate("normal distribution", (0.02, 3), **place)
    axes.set(xscale="log", xlabel=r"$|g_i| / \Vert g\Vert$")
    axes.set(ylabel="kurtosis of coordinate i", ylim=(0, None))
