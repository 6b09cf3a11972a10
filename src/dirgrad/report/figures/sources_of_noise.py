"""Along training, the two sources of an estimate's noise: its directions, and its minibatch."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import style

MINIBATCHES = "minibatches"
NOISE = r"variance / $\Vert$whole gradient$\Vert^2$"


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `quality`. A row of panels per framework, a panel per problem."""
    quality = tables["quality"].query("quality == @name").sort_values("after_steps")
    backends, problems = list(quality["backend"].unique()), list(quality["problem"].unique())
    kinds = style.lines([*quality["estimator"].unique(), MINIBATCHES])
    made, panels = style.figure(len(backends), len(problems), height=2.5, width=10.5)
    for row, backend in zip(panels, backends, strict=True):
        for axes, problem in zip(row, problems, strict=True):
            here = quality.query("backend == @backend and problem == @problem")
            for estimator, line in kinds.items():
                column = "minibatch_variance" if estimator == MINIBATCHES else "direction_variance"
                part = (
                    here.drop_duplicates("after_steps")
                    if estimator == MINIBATCHES
                    else here[here["estimator"] == estimator]
                )
                style.line_with_interval(
                    axes, part["after_steps"], part, column, line, style.label(estimator)
                )
            axes.set(
                yscale="log",
                xlabel="steps of training by backprop",
                xticks=here["after_steps"].unique(),
            )
            axes.set_title(
                f"{style.BACKENDS[backend]}, {style.label(problem)},\nd = {here['dimension'].iloc[0]}",
                fontsize=9,
            )
        row[0].set_ylabel(NOISE)
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"mean of n = {style.count_range(quality['draws'])} estimates on {style.count_range(quality['minibatches'])} minibatches of "
        f"{style.count_range(quality['batch_size'])}, {style.interval()}",
        fontsize=9,
    )
    return made
