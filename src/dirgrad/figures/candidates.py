"""What a candidate direction is worth along training: cosine to the gradient, squared bias and variance."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.figures import style

COLUMNS = {"cosine": "cosine to the gradient", "squared_bias": "squared bias / ||g||²", "variance": "variance / ||g||²"}


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `quality`. A row of panels per problem and framework."""
    quality = tables["quality"].query("quality == @name")
    kinds, rows = style.lines(quality["estimator"].unique()), quality[["problem", "backend"]].drop_duplicates()
    made, panels = style.figure(len(rows), len(COLUMNS), height=2.2)
    for row, (problem, backend) in zip(panels, rows.itertuples(index=False), strict=True):
        here = quality.query("problem == @problem and backend == @backend")
        for axes, (column, label) in zip(row, COLUMNS.items(), strict=True):
            for estimator, line in kinds.items():
                _line(axes, here[here["estimator"] == estimator].sort_values("after_steps"), column, line, style.label(estimator))
            axes.set(xlabel="steps of SGD by backprop", ylabel=label, title=f"{style.label(problem)}, {style.BACKENDS[backend]}")
            if column != "cosine":
                axes.set_yscale("symlog", linthresh=1e-3)
    made.legend(*style.entries(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"n = {style.span(quality['draws'])} estimates on one minibatch of {style.span(quality['batch_size'])}; means, with 95 % "
        "bootstrap intervals of cosine and bias",
        fontsize=9,
    )
    return made


def _line(axes: Axes, part: pd.DataFrame, column: str, line: dict[str, object], name: str) -> None:
    if f"{column}_low" in part:
        style.band(axes, part["after_steps"], part, column, line, name)
    else:
        axes.plot(part["after_steps"], part[column], label=name, markersize=3.5, **line)  # type: ignore[arg-type]
