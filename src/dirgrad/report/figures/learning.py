"""Training loss on every sequence task is plotted against the number of minibatches.

Each estimator runs at its own best learning rate.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: style.Tables, *tasks: str) -> Figure:
    """Draw a row of panels per framework and a column per task.

    Args:
        tables: The table `curves`.
        *tasks: The experiments to show.
    """
    curves = tables["curves"].query("stage == 'final' and experiment in @tasks")
    backends = curves["backend"].unique()
    styles = style.line_styles(curves["estimator"].unique())
    figure, panels = style.new_figure(len(backends), len(tasks), height=2.6)
    for panel_row, backend in zip(panels, backends, strict=True):
        for axes, task in zip(panel_row, tasks, strict=True):
            rows = curves.query("backend == @backend and experiment == @task")
            _panel(axes, rows, styles)
            axes.set_title(f"{style.label(task)}, {style.BACKENDS[backend]}")
        panel_row[0].set_ylabel("training loss")
    style.add_legend(figure, panels, ncols=4)
    seeds = style.count_range(curves["n"])
    style.add_title(
        figure,
        "each estimator at its own best rate; "
        f"inter-quartile mean of n = {seeds} seeds, {style.interval()}",
    )
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        if len(part):
            style.line_with_interval(axes, part["step"], part, "loss", line, style.label(estimator))
    axes.set(xlabel="minibatches of sequences", yscale="log")
    axes.set_visible(len(rows) > 0)
