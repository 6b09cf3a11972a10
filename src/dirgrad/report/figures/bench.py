"""Signal-to-noise ratio (SNR) per second is plotted against step time relative to backprop.

Points further left are cheaper steps. Points further up gain more signal per second.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from dirgrad.report.figures import style

TICKS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
"""Ticks within a decade; even the narrowest panel shows two of them."""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of panels per framework and a column per problem and batch size.

    Args:
        tables: The table `bench`.
        *names: The cost measurements to show.
    """
    bench = tables["bench"].query("cost in @names").dropna(subset=["snr_per_second"])
    backends = bench["backend"].unique()
    styles = style.line_styles(bench["estimator"].unique())
    subjects = list(bench[["problem", "batch_size"]].drop_duplicates().itertuples(index=False))
    width = 1.0 + 2.0 * len(subjects)
    figure, panels = style.new_figure(len(backends), len(subjects), height=2.4, width=width)
    for panel_row, backend in zip(panels, backends, strict=True):
        for axes, (problem, size) in zip(panel_row, subjects, strict=True):
            rows = bench.query(
                "backend == @backend and problem == @problem and batch_size == @size"
            )
            _panel(axes, rows, styles)
            title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nbatch {size}"
            axes.set_title(f"{title}{style.noise_warning(rows)}", fontsize=8)
        panel_row[0].set_ylabel("SNR per second")
    style.add_legend(figure, panels, ncols=3)
    count = style.count_range(bench["n"])
    style.add_title(
        figure,
        f"inter-quartile mean of n = {count} rounds, {style.interval()}; SNR from its closed form",
    )
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        ratio = part["step_over_backprop"]
        errors = style.error_lengths(part, "step_over_backprop")
        axes.errorbar(
            ratio,
            part["snr_per_second"],
            xerr=errors,
            label=style.label(estimator),
            markersize=5,
            **style.marker_style(line),
        )
    axes.axvline(1, color="0.6", linewidth=0.8, label="backprop")
    axes.margins(0.1)
    axes.set(xlabel="step time\n/ backprop step time", yscale="log")
    axes.set_xlim(left=0)
    axes.yaxis.set_major_locator(LogLocator(subs=TICKS))
    style.plain_ticks(axes.yaxis)
