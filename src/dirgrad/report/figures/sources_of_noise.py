"""Both sources of gradient noise along training by backprop: directions and minibatches."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality",)
FIGURES = {"quality_training": ("quality/training",)}
CATEGORY = "instruments"
TITLE = "Noise of directions and of minibatches"
CAPTION = """
The two sources of the noise of an estimate, along training by backprop: the random directions
on one minibatch, and the difference between a minibatch gradient and the full gradient. Both
variances are relative to the squared norm of the full gradient, which shrinks during training.
"""
ALT = "A line per estimator and one for minibatches: relative variance against training steps."

MINIBATCHES = "minibatches"
YLABEL = r"variance / $\Vert$full gradient$\Vert^2$"


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of panels per framework and a column per problem."""
    quality = measured(tables["quality"]).query("quality == @name").sort_values("after_steps")
    styles = style.line_styles([*quality["estimator"].unique(), MINIBATCHES])
    figure, grid = panels.facets(quality, "backend", "problem", width=10.5, height=2.5)
    for axes, rows, backend, problem, first in grid:
        _lines(axes, rows, styles)
        dimension = rows["dimension"].iloc[0]
        title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nd = {dimension}"
        axes.set_title(title, fontsize=9)
        if first:
            axes.set_ylabel(YLABEL)
    return panels.finish(
        figure,
        quality,
        "mean of n = {draws} estimates on {minibatches} minibatches of {batch_size}, {interval}",
        legend=4,
    )


def _lines(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for part, line, name in style.parts(rows, styles):
        column = "direction_variance"
        if name == MINIBATCHES:
            # The noise of the minibatches is repeated in the rows of every estimator.
            part, column = rows.drop_duplicates("after_steps"), "minibatch_variance"
        style.line_with_interval(axes, part["after_steps"], part, column, line, name)
    axes.set(yscale="log", xlabel="steps of training by backprop")
    axes.set_xticks(rows["after_steps"].unique())
