"""Time of a gradient estimate and memory of a step against the number of layers.

The layout follows figure 6 of Baydin et al. 2022.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("cost", "memory")
FIGURES = {"baydin_fig6": ("cost/depth", "memory/depth")}
CATEGORY = "baydin"
TITLE = "Time and memory by depth"
CAPTION = """
Time of a gradient estimate and peak memory of a whole step, against the number of layers. Each
memory value comes from a separate process.
"""
ALT = "A line per estimator against the number of layers: time on the left, memory on the right."

MEBIBYTE = 2**20
MILLISECOND = 1e-3
FORWARD = "forward pass"
"""Legend entry of the forward pass, which is drawn as if it were an estimator."""


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of two panels per framework: time and memory."""
    cost = tables["cost"].query("cost == @name")
    memory = measured(tables["memory"]).query("memory == @name")
    styles = style.line_styles([*cost["estimator"].unique(), FORWARD])
    figure, grid = panels.facet_rows(cost, "backend", 2)
    for (left, right), rows, backend in grid:
        _lines(left, _with_forward(rows), "gradient_seconds", MILLISECOND, styles)
        left.set(ylabel="time of an estimate [ms]", title=style.BACKENDS[backend])
        peaks = memory.query("backend == @backend").replace({"estimator": {"inference": FORWARD}})
        _lines(right, peaks, "resident_peak_bytes", MEBIBYTE, styles)
        right.set(ylabel="peak resident memory\nof a step [MiB]", title=style.BACKENDS[backend])
        right.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return panels.finish(
        figure,
        cost,
        "{subject}: inter-quartile mean, {interval}",
        "time: n = {n} rounds of batch {batch_size}; "
        "memory: n = {processes} processes of batch {memory_batch}",
        subject=style.label(name),
        processes=style.count_range(memory["n"]),
        memory_batch=style.count_range(memory["batch_size"]),
    )


def _with_forward(cost: pd.DataFrame) -> pd.DataFrame:
    """Return the rows and, for each problem, a row with the time of the forward pass."""
    forward = cost.drop_duplicates("problem").assign(estimator=FORWARD)
    seconds = {
        f"gradient_seconds{end}": forward[f"forward_seconds{end}"] for end in ("", "_low", "_high")
    }
    return pd.concat([forward.assign(**seconds), cost])


def _lines(
    axes: Axes, rows: pd.DataFrame, column: str, unit: float, styles: style.LineStyles
) -> None:
    for part, line, name in style.parts(rows.sort_values("depth"), styles):
        style.line_with_interval(axes, part["depth"], part, column, line, name, unit)
    axes.set(xlabel="number of weight layers", xscale="log", yscale="log")
    style.plain_ticks(axes.xaxis, axes.yaxis)
