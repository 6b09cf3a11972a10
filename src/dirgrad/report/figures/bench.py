"""What a step costs against what it is worth: its time, and the signal to noise that a second of such steps buys."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from dirgrad.report.figures import style

TICKS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
"""Of a decade: enough that two are in the narrowest panel."""


def draw(tables: Mapping[str, pd.DataFrame], *names: str) -> Figure:
    """tables: `bench`. A row of panels per framework, a panel per problem and size of the minibatch."""
    bench = tables["bench"].query("cost in @names").dropna(subset=["snr_per_second"])
    backends, kinds = list(bench["backend"].unique()), style.lines(bench["estimator"].unique())
    subjects = list(bench[["problem", "batch_size"]].drop_duplicates().itertuples(index=False))
    made, panels = style.figure(
        len(backends), len(subjects), height=2.4, width=1.0 + 2.0 * len(subjects)
    )
    for row, backend in zip(panels, backends, strict=True):
        for axes, (problem, size) in zip(row, subjects, strict=True):
            here = bench.query(
                "backend == @backend and problem == @problem and batch_size == @size"
            )
            for method, line in kinds.items():
                part = here[here["estimator"] == method]
                ends = [part["step_over_backprop"] - part["step_over_backprop_low"]]
                ends.append(part["step_over_backprop_high"] - part["step_over_backprop"])
                shape = {"label": style.label(method), "markersize": 5} | style.mark(line)
                axes.errorbar(
                    part["step_over_backprop"], part["snr_per_second"], xerr=ends, **shape
                )
            axes.axvline(1, color="0.6", linewidth=0.8, label="backprop")
            axes.margins(0.1)
            axes.set(xlabel="time of a step\n/ of backprop", yscale="log")
            axes.set_xlim(left=0)
            axes.yaxis.set_major_locator(LogLocator(subs=TICKS))
            style.plain_ticks(axes.yaxis)
            axes.set_title(
                f"{style.BACKENDS[backend]}, {style.label(problem)},\nbatch {size}{style.noisy(here)}",
                fontsize=8,
            )
        row[0].set_ylabel("signal to noise per second")
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=3)
    made.suptitle(
        f"inter-quartile mean of n = {style.count_range(bench['n'])} rounds, {style.interval()}; signal to noise by its closed form",
        fontsize=9,
    )
    return made
