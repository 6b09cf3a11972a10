"""Signal per second against the time of a step."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from dirgrad.report.figures import panels, style

TABLES = ("bench",)
FIGURES = {"bench": ("cost/steps", "cost/steps_deep", "cost/steps_large")}
CATEGORY = "instruments"
TITLE = "Signal per second"
CAPTION = """
Signal-to-noise ratio (SNR) per second against the time of a step relative to backprop. Points
to the left of the gray line are cheaper than a backprop step. Points further up gain more
signal per second.
"""
ALT = "A point per estimator: step time relative to backprop across, SNR per second upward."

TICKS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
"""Ticks within a decade; even the narrowest panel shows two of them."""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of panels per framework and a column per problem and batch size."""
    bench = tables["bench"].query("cost in @names").dropna(subset=["snr_per_second"])
    styles = style.line_styles(bench["estimator"].unique())
    subject = ["problem", "batch_size"]
    figure, grid = panels.facets(bench, "backend", subject, width=1.0, per_column=2.0, height=2.4)
    for axes, rows, backend, (problem, size), first in grid:
        _points(axes, rows, styles)
        title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nbatch {size}"
        axes.set_title(f"{title}{style.noise_warning(rows)}", fontsize=8)
        if first:
            axes.set_ylabel("SNR per second")
    title = "inter-quartile mean of n = {n} rounds, {interval}; SNR from its closed form"
    return panels.finish(figure, bench, title, legend=3)


def _points(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for part, line, name in style.parts(rows, styles):
        ratio = part["step_over_backprop"]
        errors = style.error_lengths(part, "step_over_backprop")
        marker = style.marker_style(line)
        axes.errorbar(
            ratio, part["snr_per_second"], xerr=errors, label=name, markersize=5, **marker
        )
    axes.axvline(1, color="0.6", linewidth=0.8, label="backprop")
    axes.margins(0.1)
    axes.set(xlabel="step time\n/ backprop step time", yscale="log")
    axes.set_xlim(left=0)
    axes.yaxis.set_major_locator(LogLocator(subs=TICKS))
    style.plain_ticks(axes.yaxis)
