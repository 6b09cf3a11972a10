"""What a candidate direction is worth along training: cosine to the gradient, squared bias and variance."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

COLUMNS = {
    "cosine": "cosine to the gradient",
    "squared_bias": "squared bias / ||g||²",
    "variance": "variance / ||g||²",
}


SEEN = 1e-6
"""Below it is rounding."""


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `quality`. A row of panels per problem and framework."""
    quality = tables["quality"].query("quality == @name")
    kinds, rows = (
        style.lines(quality["estimator"].unique()),
        quality[["problem", "backend"]].drop_duplicates(),
    )
    made, panels = style.figure(len(rows), len(COLUMNS), height=2.2)
    for row, (problem, backend) in zip(panels, rows.itertuples(index=False), strict=True):
        here = quality.query("problem == @problem and backend == @backend").sort_values(
            "after_steps"
        )
        for axes, (column, label) in zip(row, COLUMNS.items(), strict=True):
            for estimator, line in kinds.items():
                _line(
                    axes, here[here["estimator"] == estimator], column, line, style.label(estimator)
                )
            axes.set(
                xlabel="steps by backprop",
                ylabel=label,
                title=f"{style.label(problem)}, {style.BACKENDS[backend]}",
            )
            if column != "cosine":
                axes.set_yscale("log")
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"n = {style.count_range(quality['draws'])} estimates on one minibatch of {style.count_range(quality['batch_size'])}; means, "
        f"{style.interval()}s of\ncosine and bias; a bias is drawn where its interval is above {SEEN:g}",
        fontsize=9,
    )
    return made


def _line(axes: Axes, part: pd.DataFrame, column: str, line: dict[str, Any], name: str) -> None:
    if column == "variance":
        part = part[part[column] > SEEN]
        axes.plot(part["after_steps"], part[column], label=name, markersize=3.5, **line)
    else:
        seen = part if column == "cosine" else part[part[f"{column}_low"] > SEEN]
        style.line_with_interval(axes, seen["after_steps"], seen, column, line, name)
