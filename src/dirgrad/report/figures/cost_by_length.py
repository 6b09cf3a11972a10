"""Memory and time of a step against the length of the sequences."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("cost",)
FIGURES = {"silver_lengths": ("cost/lengths", "cost/lengths_torch")}
CATEGORY = "silver"
TITLE = "Memory and time by sequence length"
CAPTION = """
Exact temporary memory of a compiled step, and its time relative to the forward pass, against
the length of the sequences. The gray line is the memory of the input sequences. Memory above
it belongs to the estimator: of a truncated gradient, the activations of one window; of the
diagonal gradient, the influence of the weights.
"""
ALT = "A line per estimator against the sequence length: memory on the left, time on the right."

KIBIBYTE = 2**10
BYTES = {
    "jax": ("xla_temp_bytes", "temporary memory\nof a step [KiB]"),
    "torch": ("saved_bytes", "saved for backward\nin a step [KiB]"),
}
"""Column of the exact memory count of each framework, and its axis label."""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of two panels per framework: memory and time."""
    cost = tables["cost"].query("cost in @names").sort_values("length")
    styles = style.line_styles(cost["estimator"].unique())
    figure, grid = panels.facet_rows(cost, "backend", 2, height=2.8)
    for (memory_axes, time_axes), rows, backend in grid:
        account, memory_label = BYTES[backend]
        _input_sequences(memory_axes, rows)
        _lines(memory_axes, rows, f"step_{account}", styles, KIBIBYTE)
        memory_axes.set(ylabel=memory_label, yscale="symlog", ylim=(0, None))
        _lines(time_axes, rows, "step_over_forward", styles)
        time_axes.set(ylabel="step time\n/ forward time", ylim=(0, None))
        style.plain_ticks(memory_axes.yaxis)
        for axes in (memory_axes, time_axes):
            axes.set(xlabel="sequence length T", xscale="log", title=style.BACKENDS[backend])
            axes.set_xticks(rows["length"].drop_duplicates())
            style.plain_ticks(axes.xaxis)
    return panels.finish(
        figure,
        cost,
        _finding(cost),
        "bytes are exact; time: inter-quartile mean of n = {n} rounds, {interval}; "
        "batch {batch_size}",
        legend=4,
    )


def _finding(cost: pd.DataFrame) -> str:
    """Return how much the memory of backprop and of the others grows, in one framework."""
    backend = style.first_framework(cost) or "jax"
    column = f"step_{BYTES[backend][0]}"
    rows = cost[cost["backend"] == backend]
    is_backprop = rows["estimator_kind"] == "backprop"
    backprop = _growth(rows[is_backprop], column)
    others = _growth(rows[~is_backprop], column)
    if backprop.empty or others.empty:
        return "Memory and time by sequence length"
    return (
        f"From {rows['length'].min():.0f} to {rows['length'].max():.0f} steps in "
        f"{style.BACKENDS[backend]}, backprop's memory grows {backprop.max():.3g}-fold "
        f"and the others' at most {others.max():.2g}-fold"
    )


def _growth(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return the bytes at the last length over those at the first, for each estimator."""
    by_estimator = rows.sort_values("length").groupby("estimator")[column]
    growth: pd.Series = by_estimator.last() / by_estimator.first().replace(0, float("nan"))
    return growth.dropna()


def _input_sequences(axes: Axes, rows: pd.DataFrame) -> None:
    sequences = rows.drop_duplicates("length")
    kibibytes = sequences["observation_bytes"] / KIBIBYTE
    axes.plot(sequences["length"], kibibytes, color="0.6", linewidth=3, label="input sequences")


def _lines(
    axes: Axes, rows: pd.DataFrame, column: str, styles: style.LineStyles, unit: float = 1.0
) -> None:
    for part, line, name in style.parts(rows, styles):
        style.line_with_interval(axes, part["length"], part, column, line, name, unit)
