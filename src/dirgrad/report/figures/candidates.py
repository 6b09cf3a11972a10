"""Candidate directions are compared with the gradient along training by backprop.

The panels show the cosine to the gradient, the squared bias and the variance.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

COLUMNS = {
    "cosine": "cosine to the gradient",
    "squared_bias": "squared bias / ||g||²",
    "variance": "variance / ||g||²",
}
RESOLUTION = 1e-6
"""Limit below which bias and variance are attributed to rounding and are not drawn."""


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of panels per problem and framework.

    Args:
        tables: The table `quality`.
        name: The quality measurement to show.
    """
    quality = tables["quality"].query("quality == @name")
    styles = style.line_styles(quality["estimator"].unique())
    subjects = quality[["problem", "backend"]].drop_duplicates()
    figure, panels = style.new_figure(len(subjects), len(COLUMNS), height=2.2)
    for panel_row, (problem, backend) in zip(panels, subjects.itertuples(index=False), strict=True):
        rows = quality.query("problem == @problem and backend == @backend")
        rows = rows.sort_values("after_steps")
        title = f"{style.label(problem)}, {style.BACKENDS[backend]}"
        for axes, (column, label) in zip(panel_row, COLUMNS.items(), strict=True):
            for estimator, line in styles.items():
                part = rows[rows["estimator"] == estimator]
                _line(axes, part, column, line, style.label(estimator))
            axes.set(xlabel="steps of training by backprop", ylabel=label, title=title)
            if column != "cosine":
                axes.set_yscale("log")
    style.add_legend(figure, panels, ncols=4)
    draws = style.count_range(quality["draws"])
    batch = style.count_range(quality["batch_size"])
    style.add_title(
        figure,
        f"mean of n = {draws} estimates on one minibatch of {batch}; "
        f"{style.interval()} of cosine and bias",
        f"a bias is drawn only if its interval lies above {RESOLUTION:g}",
    )
    return figure


def _line(
    axes: Axes,
    part: pd.DataFrame,
    column: str,
    line: style.LineStyle,
    name: str,
) -> None:
    if column == "variance":
        part = part[part[column] > RESOLUTION]
        axes.plot(
            part["after_steps"],
            part[column],
            label=name,
            markersize=3.5,
            **line,
        )
        return
    if column != "cosine":
        part = part[part[f"{column}_low"] > RESOLUTION]
    style.line_with_interval(axes, part["after_steps"], part, column, line, name)
