"""Memory of a step against the number of layers."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("memory",)
FIGURES = {"memory_depth": ("memory/depth",)}
CATEGORY = "instruments"
TITLE = "Memory by depth"
CAPTION = """
Memory of a step against the number of layers. Left: the bytes that the framework counts
exactly. Right: the peak of the resident set, each value from a separate process. One gray line
grows linearly to backprop's last value. The other stays constant at the last value of inference.
"""
ALT = "A line per estimator against the number of layers: counted bytes, and resident memory."

MEBIBYTE = 2**20
EXACT = {"jax": ("xla_temp_bytes", "XLA temporary"), "torch": ("saved_bytes", "saved for backward")}
"""Column of the exact memory count of each framework, and its label."""
PEAK = ("resident_peak_bytes", "peak of the resident set")


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of two panels per framework: exact bytes, and the peak of the resident set."""
    memory = measured(tables["memory"]).query("memory == @name").sort_values("depth")
    styles = style.line_styles(memory["estimator"].unique())
    figure, grid = panels.facet_rows(memory, "backend", 2, height=2.7)
    for panel_row, rows, backend in grid:
        quantities = (EXACT[backend], PEAK)
        for axes, (column, text) in zip(panel_row, quantities, strict=True):
            _lines(axes, rows, column, styles)
            axes.set(ylabel=f"{text} [MiB]", title=style.BACKENDS[backend])
    return panels.finish(
        figure,
        memory,
        "{subject}, batch {batch_size}; left: exact bytes",
        "right: inter-quartile mean of n = {n} processes, {interval} if n > 1",
        legend=4,
        subject=style.label(name),
    )


def _lines(axes: Axes, rows: pd.DataFrame, column: str, styles: style.LineStyles) -> None:
    for part, line, name in style.parts(rows, styles):
        style.line_with_interval(axes, part["depth"], part, column, line, name, MEBIBYTE)
    _guides(axes, rows, column)
    axes.set(xlabel="number of weight layers", xscale="log")
    axes.set_yscale("symlog", linthresh=0.1)
    axes.set_ylim(0, None)
    axes.set_xticks(rows["depth"].unique())
    style.plain_ticks(axes.xaxis, axes.yaxis)


def _guides(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    """Draw a linear line through backprop's last point and a constant one through inference's."""
    depths = rows["depth"].drop_duplicates()
    gray: style.LineStyle = {"color": "0.55", "linewidth": 1.0, "zorder": 0}
    for _, backprop in rows[rows["estimator"] == "backprop"].tail(1).iterrows():
        linear = backprop[column] / MEBIBYTE * depths / backprop["depth"]
        axes.plot(depths, linear, linestyle="--", label="linear", **gray)
    for _, inference in rows[rows["estimator"] == "inference"].tail(1).iterrows():
        constant = inference[column] / MEBIBYTE + 0 * depths
        axes.plot(depths, constant, linestyle=":", label="constant", **gray)
