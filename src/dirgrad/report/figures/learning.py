"""Learning along sequences: the training loss of every task against the sequences seen, each method at its own best rate."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: Mapping[str, pd.DataFrame], *tasks: str) -> Figure:
    """tables: `curves`. A row of panels per framework, a panel per task."""
    curves = tables["curves"].query("stage == 'final' and experiment in @tasks")
    backends, kinds = list(curves["backend"].unique()), style.lines(curves["estimator"].unique())
    made, panels = style.figure(len(backends), len(tasks), height=2.6)
    for row, backend in zip(panels, backends, strict=True):
        for axes, task in zip(row, tasks, strict=True):
            here = curves.query("backend == @backend and experiment == @task")
            for estimator, line in kinds.items():
                part = here[here["estimator"] == estimator]
                if len(part):
                    style.line_with_interval(
                        axes, part["step"], part, "loss", line, style.label(estimator)
                    )
            axes.set(
                xlabel="minibatches of sequences",
                yscale="log",
                title=f"{style.label(task)}, {style.BACKENDS[backend]}",
            )
            axes.set_visible(len(here) > 0)
        row[0].set_ylabel("training loss")
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"each method at its own best rate; inter-quartile mean of n = {style.count_range(curves['n'])} seeds, {style.interval()}",
        fontsize=9,
    )
    return made
