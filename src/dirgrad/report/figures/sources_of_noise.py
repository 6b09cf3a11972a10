"""Both sources of gradient noise are plotted along training by backprop.

One source is the choice of the directions. The other is the choice of the minibatch.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

MINIBATCHES = "minibatches"
YLABEL = r"variance / $\Vert$full gradient$\Vert^2$"


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of panels per framework and a column per problem.

    Args:
        tables: The table `quality`.
        name: The quality measurement to show.
    """
    quality = tables["quality"].query("quality == @name").sort_values("after_steps")
    backends = quality["backend"].unique()
    problems = quality["problem"].unique()
    styles = style.line_styles([*quality["estimator"].unique(), MINIBATCHES])
    figure, panels = style.new_figure(len(backends), len(problems), height=2.5, width=10.5)
    for panel_row, backend in zip(panels, backends, strict=True):
        for axes, problem in zip(panel_row, problems, strict=True):
            rows = quality.query("backend == @backend and problem == @problem")
            _panel(axes, rows, styles)
            dimension = rows["dimension"].iloc[0]
            title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nd = {dimension}"
            axes.set_title(title, fontsize=9)
        panel_row[0].set_ylabel(YLABEL)
    style.add_legend(figure, panels, ncols=4)
    draws = style.count_range(quality["draws"])
    minibatches = style.count_range(quality["minibatches"])
    batch = style.count_range(quality["batch_size"])
    style.add_title(
        figure,
        f"mean of n = {draws} estimates on {minibatches} minibatches of {batch}, "
        f"{style.interval()}",
    )
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for name, line in styles.items():
        if name == MINIBATCHES:
            # The noise of the minibatches is repeated in the rows of every estimator.
            column = "minibatch_variance"
            part = rows.drop_duplicates("after_steps")
        else:
            column = "direction_variance"
            part = rows[rows["estimator"] == name]
        style.line_with_interval(axes, part["after_steps"], part, column, line, style.label(name))
    axes.set(
        yscale="log",
        xlabel="steps of training by backprop",
        xticks=rows["after_steps"].unique(),
    )
