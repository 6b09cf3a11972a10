"""Noise of each law of directions, plain and weighted by the curvature of the loss."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality",)
FIGURES = {"quality_curvature": ("quality/laws",)}
CATEGORY = "instruments"
TITLE = "Noise weighted by the curvature"
CAPTION = """
Noise of the estimate e along one direction of each law. The mean square error
E||e - g||^2 / ||g||^2, over d, is almost equal for all laws of signs. Progress and
the stable learning rate depend on E[e^T H e] / (||g||^2 tr H) instead, for the Hessian H, and
outer products have more of it. Tall marks are closed forms.
"""
ALT = "Two points and two marks of theory per law, across the noise, plain and weighted."

KINDS = {
    "relative_squared_error": r"$E\Vert e - g\Vert^2 / (d\,\Vert g\Vert^2)$",
    "curvature_noise": r"$E[e^T H e] / (\Vert g\Vert^2\,{\rm tr}\,H)$",
}
"""Labels of the two noises, by their columns."""


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of panels per framework and a column per problem."""
    quality = measured(tables["quality"]).query("quality == @name and num_directions == 1")
    quality = quality.assign(relative_squared_error_theory=1 / quality["snr_theory"])
    # The y axis points upward, so the reversed order puts the first estimator at the top.
    estimators = list(quality["estimator"].unique())[::-1]
    labels = [style.label(estimator) for estimator in estimators]
    styles = style.line_styles(KINDS)
    height = 0.9 + 0.26 * len(estimators)
    figure, grid = panels.facets(quality, "backend", "problem", width=10.5, height=height)
    for axes, rows, backend, problem, first in grid:
        dimension = rows["dimension"].iloc[0]
        _dots(axes, rows.set_index("estimator").reindex(estimators), styles)
        axes.set_yticks(np.arange(len(estimators)), labels if first else [])
        title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nd = {dimension}"
        axes.set_title(title, fontsize=9)
    return panels.finish(figure, quality, "n = {draws} estimates, {interval}", legend=2)


def _dots(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    y = np.arange(len(rows))
    units = {
        "relative_squared_error": rows["dimension"],
        "curvature_noise": 0 * rows["dimension"] + 1,
    }
    for height, (name, line) in zip((0.14, -0.14), styles.items(), strict=True):
        columns = [name, f"{name}_low", f"{name}_high", f"{name}_theory"]
        scaled = rows[columns].astype(float).div(units[name].astype(float), axis=0)
        style.points_across(axes, scaled, name, y + height, line, KINDS[name], size=4)
        mark = {"color": line["color"], "markersize": 9, "markeredgewidth": 1.5}
        axes.plot(scaled[f"{name}_theory"], y + height, "|", **mark)
    axes.set(xlabel="noise", xlim=(0, None), ylim=(-0.6, len(rows) - 0.4))
