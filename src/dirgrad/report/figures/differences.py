"""Errors of finite differences along their direction, against the step eps."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality",)
FIGURES = {"quality_steps": ("quality/steps", "quality/steps_float64")}
CATEGORY = "instruments"
TITLE = "Error of finite differences"
CAPTION = """
Error of a finite difference along its own direction, against its step. On the right the error
follows the next Taylor term, and on the left it follows rounding. In the network with ReLU,
the Taylor term fails for steps that cross a kink.
"""
ALT = "Points per estimator and lines of theory: error against eps, falling and rising again."


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of panels per framework and a column per problem and precision."""
    subject = ["dtype", "problem"]
    quality = measured(tables["quality"]).query("quality in @names")
    quality = quality.sort_values([*subject, "eps"])
    styles = style.line_styles(quality["estimator"].unique())
    figure, grid = panels.facets(quality, "backend", subject, width=10.5, height=2.5)
    for axes, rows, backend, (dtype, problem), first in grid:
        _points(axes, rows, styles)
        title = f"{style.BACKENDS[backend]}, {style.label(problem)},\n{dtype}"
        axes.set_title(title, fontsize=9)
        if first:
            axes.set_ylabel(r"error along v, over $\Vert g\Vert$")
    return panels.finish(
        figure,
        quality,
        "root mean square over n = {draws} directions, {interval}",
        "theory: next Taylor term plus rounding, without the kinks of ReLU",
        legend=4,
    )


def _points(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for part, line, name in style.parts(rows, styles):
        eps, theory = part["eps"], part["difference_error_theory"]
        style.points_with_interval(axes, eps, part, "difference_error", line, name)
        thin = style.thin_line(line)
        axes.plot(eps, theory, label=f"{name}: theory", **thin)
    axes.set(xscale="log", yscale="log", xlabel="step eps")
