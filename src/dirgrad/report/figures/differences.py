"""Errors of finite differences along their direction are plotted against the step eps.

Truncation dominates on the right and rounding on the left. The lines are the theory.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of panels per framework and a column per problem and precision.

    Args:
        tables: The table `quality`.
        *names: The quality measurements to show.
    """
    quality = tables["quality"].query("quality in @names").sort_values("eps")
    backends = quality["backend"].unique()
    styles = style.line_styles(quality["estimator"].unique())
    pairs = quality[["problem", "dtype"]].drop_duplicates().sort_values(["dtype", "problem"])
    subjects = list(pairs.itertuples(index=False))
    figure, panels = style.new_figure(len(backends), len(subjects), height=2.5, width=10.5)
    for panel_row, backend in zip(panels, backends, strict=True):
        for axes, (problem, dtype) in zip(panel_row, subjects, strict=True):
            rows = quality.query("backend == @backend and problem == @problem and dtype == @dtype")
            _panel(axes, rows, styles)
            title = f"{style.BACKENDS[backend]}, {style.label(problem)},\n{dtype}"
            axes.set_title(title, fontsize=9)
        panel_row[0].set_ylabel(r"error along v, over $\Vert g\Vert$")
    style.add_legend(figure, panels, ncols=4)
    draws = style.count_range(quality["draws"])
    style.add_title(
        figure,
        f"root mean square over n = {draws} directions, {style.interval()}",
        "theory: next Taylor term plus rounding, without the kinks of ReLU",
    )
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        name = style.label(estimator)
        style.points_with_interval(axes, part["eps"], part, "difference_error", line, name)
        axes.plot(
            part["eps"],
            part["difference_error_theory"],
            label=f"{name}: theory",
            color=line["color"],
            linestyle=line["linestyle"],
            linewidth=0.9,
        )
    axes.set(xscale="log", yscale="log", xlabel="step eps")
