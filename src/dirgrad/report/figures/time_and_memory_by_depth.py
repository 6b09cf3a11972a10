"""Time of a gradient estimate and memory of a step are plotted against the number of layers.

The layout follows figure 6 of Baydin et al. 2022.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

MEBIBYTE = 2**20
MILLISECOND = 1e-3
FORWARD = "forward pass"
"""Legend entry of the forward pass, which is drawn as if it were an estimator."""


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of two panels per framework: time and memory.

    Args:
        tables: The tables `cost` and `memory`.
        name: The measurements of cost and of memory to show.
    """
    cost = tables["cost"].query("cost == @name")
    memory = tables["memory"].query("memory == @name")
    backends = cost["backend"].unique()
    styles = style.line_styles([*cost["estimator"].unique(), FORWARD])
    figure, panels = style.new_figure(len(backends), 2)
    for (left, right), backend in zip(panels, backends, strict=True):
        times = _with_forward(cost.query("backend == @backend"))
        _lines(left, times, "gradient_seconds", MILLISECOND, styles)
        left.set(ylabel="time of an estimate [ms]", title=style.BACKENDS[backend])
        peaks = memory.query("backend == @backend").replace({"estimator": {"inference": FORWARD}})
        _lines(right, peaks, "resident_peak_bytes", MEBIBYTE, styles)
        right.set(ylabel="peak resident memory\nof a step [MiB]", title=style.BACKENDS[backend])
        right.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    style.add_title(figure, *_title(name, cost, memory))
    return figure


def _title(name: str, cost: pd.DataFrame, memory: pd.DataFrame) -> tuple[str, str]:
    rounds = style.count_range(cost["n"])
    cost_batch = style.count_range(cost["batch_size"])
    processes = style.count_range(memory["n"])
    memory_batch = style.count_range(memory["batch_size"])
    return (
        f"{style.label(name)}: inter-quartile mean, {style.interval()}",
        f"time: n = {rounds} rounds of batch {cost_batch}; "
        f"memory: n = {processes} processes of batch {memory_batch}",
    )


def _with_forward(cost: pd.DataFrame) -> pd.DataFrame:
    """Return the rows and, for each problem, a row with the time of the forward pass."""
    forward = cost.drop_duplicates("problem").assign(estimator=FORWARD)
    seconds = {
        f"gradient_seconds{end}": forward[f"forward_seconds{end}"] for end in ("", "_low", "_high")
    }
    return pd.concat([forward.assign(**seconds), cost])


def _lines(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    unit: float,
    styles: style.LineStyles,
) -> None:
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator].sort_values("depth")
        scaled = part[[column, f"{column}_low", f"{column}_high"]] / unit
        style.line_with_interval(axes, part["depth"], scaled, column, line, style.label(estimator))
    axes.set(xlabel="number of weight layers", xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        style.plain_ticks(axis)
