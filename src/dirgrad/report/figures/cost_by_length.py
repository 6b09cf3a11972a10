"""Memory and time of a step are plotted against the length of the sequences."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

KIBIBYTE = 2**10
BYTES = {
    "jax": ("xla_temp_bytes", "temporary memory\nof a step [KiB]"),
    "torch": ("saved_bytes", "saved for backward\nin a step [KiB]"),
}
"""Column of the exact memory count of each framework, and its axis label."""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of two panels per framework: memory and time.

    Args:
        tables: The table `cost`.
        *names: The cost measurements to show.
    """
    cost = tables["cost"].query("cost in @names").sort_values("length")
    backends = cost["backend"].unique()
    styles = style.line_styles(cost["estimator"].unique())
    figure, panels = style.new_figure(len(backends), 2, height=2.8)
    for (memory_axes, time_axes), backend in zip(panels, backends, strict=True):
        rows = cost.query("backend == @backend")
        account, memory_label = BYTES[backend]
        _memory(memory_axes, rows, f"step_{account}", styles)
        memory_axes.set(ylabel=memory_label, yscale="symlog", ylim=(0, None))
        _time(time_axes, rows, styles)
        time_axes.set(ylabel="step time\n/ forward time", ylim=(0, None))
        style.plain_ticks(memory_axes.yaxis)
        lengths = rows["length"].drop_duplicates()
        for axes in (memory_axes, time_axes):
            axes.set(
                xlabel="sequence length T",
                xscale="log",
                title=style.BACKENDS[backend],
                xticks=lengths,
            )
            style.plain_ticks(axes.xaxis)
    style.add_legend(figure, panels, ncols=4)
    rounds = style.count_range(cost["n"])
    batch = style.count_range(cost["batch_size"])
    style.add_title(
        figure,
        f"bytes are exact; time: inter-quartile mean of n = {rounds} rounds, {style.interval()}; "
        f"batch {batch}",
    )
    return figure


def _memory(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    styles: style.LineStyles,
) -> None:
    sequences = rows.drop_duplicates("length")
    axes.plot(
        sequences["length"],
        sequences["observation_bytes"] / KIBIBYTE,
        color="0.6",
        linewidth=3,
        label="input sequences",
    )
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        name = style.label(estimator)
        axes.plot(
            part["length"],
            part[column] / KIBIBYTE,
            label=name,
            markersize=3.5,
            **line,
        )


def _time(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        name = style.label(estimator)
        style.line_with_interval(axes, part["length"], part, "step_over_forward", line, name)
