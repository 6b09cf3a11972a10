"""Memory of a step is plotted against the number of layers.

The gray lines show linear growth up to backprop's memory, and the constant memory of inference.
"""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

MEBIBYTE = 2**20
EXACT = {"jax": ("xla_temp_bytes", "XLA temporary"), "torch": ("saved_bytes", "saved for backward")}
"""Column of the exact memory count of each framework, and its label."""
PEAK = ("resident_peak_bytes", "peak of the resident set")


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of two panels per framework: exact bytes, and the peak of the resident set.

    Args:
        tables: The table `memory`.
        name: The memory measurement to show.
    """
    memory = _with_intervals(tables["memory"].query("memory == @name").sort_values("depth"))
    backends = memory["backend"].unique()
    styles = style.line_styles(memory["estimator"].unique())
    figure, panels = style.new_figure(len(backends), 2, height=2.7)
    for panel_row, backend in zip(panels, backends, strict=True):
        rows = memory.query("backend == @backend")
        quantities = (EXACT[backend], PEAK)
        for axes, (column, text) in zip(panel_row, quantities, strict=True):
            _panel(axes, rows, column, styles)
            axes.set(ylabel=f"{text} [MiB]", title=style.BACKENDS[backend])
    style.add_legend(figure, panels, ncols=4)
    processes = style.count_range(memory["n"])
    batch = style.count_range(memory["batch_size"])
    style.add_title(
        figure,
        f"{style.label(name)}, batch {batch}; left: exact bytes",
        f"right: inter-quartile mean of n = {processes} processes, {style.interval()} if n > 1",
    )
    return figure


def _with_intervals(memory: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with intervals of zero width around the exact bytes."""
    ends = {}
    for column, _ in EXACT.values():
        ends[f"{column}_low"] = memory[column]
        ends[f"{column}_high"] = memory[column]
    return memory.assign(**ends)


def _panel(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    styles: style.LineStyles,
) -> None:
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        scaled = part[[column, f"{column}_low", f"{column}_high"]] / MEBIBYTE
        style.line_with_interval(axes, part["depth"], scaled, column, line, style.label(estimator))
    _guides(axes, rows, column)
    axes.set(xlabel="number of weight layers", xscale="log")
    axes.set_yscale("symlog", linthresh=0.1)
    axes.set_ylim(0, None)
    axes.set_xticks(rows["depth"].unique())
    for axis in (axes.xaxis, axes.yaxis):
        style.plain_ticks(axis)


def _guides(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    """Draw a linear line through backprop's last point and a constant one through inference's."""
    depths = rows["depth"].drop_duplicates()
    backprop = rows[rows["estimator"] == "backprop"].iloc[-1]
    inference = rows[rows["estimator"] == "inference"].iloc[-1]
    linear = backprop[column] / MEBIBYTE * depths / backprop["depth"]
    constant = inference[column] / MEBIBYTE + 0 * depths
    gray: dict[str, Any] = {"color": "0.55", "linewidth": 1.0, "zorder": 0}
    axes.plot(
        depths,
        linear,
        linestyle="--",
        label="linear",
        **gray,
    )
    axes.plot(
        depths,
        constant,
        linestyle=":",
        label="constant",
        **gray,
    )
