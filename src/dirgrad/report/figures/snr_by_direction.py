"""Signal-to-noise ratio (SNR) of each law of directions, with its closed form."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality",)
FIGURES = {"quality_laws": ("quality/laws",)}
CATEGORY = "instruments"
TITLE = "SNR of each law of directions"
CAPTION = """
Signal-to-noise ratio (SNR) of each law of directions on networks at initialization, in units
of K/d. Outer products of random signs, and directions that are redrawn at every use, have the SNR
of independent signs. Outer products of Gaussian entries have a lower one. The orange mark is the
closed form. The SNR ignores the curvature, which decides how fast a step makes progress.
"""
ALT = "A point and an orange mark of theory per law, across their SNR in units of K/d."


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of panels per framework and a column per problem."""
    quality = measured(tables["quality"]).query("quality == @name")
    # The y axis points upward, so the reversed order puts the first estimator at the top.
    estimators = list(quality["estimator"].unique())[::-1]
    labels = [style.label(estimator) for estimator in estimators]
    height = 0.7 + 0.24 * len(estimators)
    figure, grid = panels.facets(quality, "backend", "problem", width=10.5, height=height)
    for axes, rows, backend, problem, first in grid:
        dimension = rows["dimension"].iloc[0]
        _dots(axes, rows.set_index("estimator").reindex(estimators))
        axes.set_yticks(np.arange(len(estimators)), labels if first else [])
        title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nd = {dimension}"
        axes.set_title(title, fontsize=9)
    return panels.finish(
        figure,
        quality,
        "n = {draws} estimates, {interval} {residual}",
        legend=2,
        residual=style.worst_residual(quality),
    )


def _dots(axes: Axes, rows: pd.DataFrame) -> None:
    unit = rows["num_directions"] / rows["dimension"]
    y = np.arange(len(rows))
    errors = [length / unit for length in style.error_lengths(rows, "snr")]
    point: style.LineStyle = {"marker": "o", "markersize": 4, "color": "black", "linestyle": ""}
    axes.errorbar(rows["snr"] / unit, y, xerr=errors, label="measured", **point)
    mark: style.LineStyle = {"color": "#D55E00", "markersize": 11, "markeredgewidth": 2}
    axes.plot(rows["snr_theory"] / unit, y, "|", label="closed form", **mark)
    axes.set(xlabel="SNR / (K/d)", ylim=(-0.6, len(rows) - 0.4))
