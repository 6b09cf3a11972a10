"""Gradient estimates in two dimensions, drawn as arrows from their point in the plane."""

from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("estimates", "coordinates", "landscape")
FIGURES = {"baydin_fig1": ("quality/beale",)}
ONE_FRAMEWORK = True
CATEGORY = "baydin"
TITLE = "An unbiased but noisy estimate"
CAPTION = """
Forward gradients at one point, their mean over all draws, and the exact gradient. The mean
agrees with the exact gradient, but a single forward gradient does not. The contours are those of
the loss; they are left out where the point does not have the exact gradient that was measured.
"""
ALT = "Arrows from one point: many gray forward gradients, and the exact gradient at their mean."

NUM_ARROWS = 12
"""Number of single estimates that are drawn as arrows."""
ESTIMATOR = "forward_gradient"
COMPONENTS = ["estimate_0", "estimate_1"]
POINT = (1.5, -0.1)
"""Point of figure 1 of Baydin et al. 2022."""
AGREEMENT = 0.05
"""Largest relative distance between the measured gradient and the slope of the contours."""
REACH = 0.4
"""Length of the longest arrow in the plane."""
WINDOW = 0.45
"""Distance from the point to each side of the panel."""


def draw(tables: style.Tables, problem: str) -> Figure:
    """Draw one panel, of one framework."""
    backend = style.first_framework(tables["estimates"])
    selection = "quality == @problem and estimator == @ESTIMATOR and backend == @backend"
    estimates = tables["estimates"].query(selection)
    exact = tables["coordinates"].query(selection).sort_values("coordinate")
    landscape = tables["landscape"].query("experiment == @problem")
    figure, ((axes,),) = panels.new_figure(1, 1, width=5.5, height=3.6)
    if len(estimates):
        gradient = exact["gradient"].to_numpy(float)
        if _is_at_point(landscape, gradient):
            _contours(axes, landscape)
        _arrows(axes, estimates, gradient)
        axes.legend(loc="upper left", fontsize=7, frameon=True, framealpha=0.9)
    axes.set(xlabel="x", ylabel="y", aspect="equal")
    return panels.finish(
        figure,
        estimates,
        _finding(estimates, exact),
        "{backend}, {subject}: {arrows} of n = {count} forward gradients at one point",
        "mean of all n with 95 % normal interval; arrows are scaled down alike",
        backend=style.BACKENDS.get(backend, ""),
        subject=style.label(problem),
        arrows=str(NUM_ARROWS),
        count=str(len(estimates)),
    )


def _is_at_point(landscape: pd.DataFrame, gradient: np.ndarray) -> bool:
    """Return whether the loss has this gradient at the point, by central differences."""
    if landscape.empty or len(gradient) != len(POINT):
        return False
    grid = landscape.pivot(index="theta_1", columns="theta_0", values="loss")
    slopes = np.gradient(grid.to_numpy(float), grid.index, grid.columns)
    row = np.abs(grid.index.to_numpy(float) - POINT[1]).argmin()
    column = np.abs(grid.columns.to_numpy(float) - POINT[0]).argmin()
    there = np.array([slopes[1][row, column], slopes[0][row, column]])
    return bool(np.linalg.norm(there - gradient) <= AGREEMENT * np.linalg.norm(gradient))


def _contours(axes: Axes, landscape: pd.DataFrame) -> None:
    """Draw contours that are close enough to see the slope at the point."""
    near = landscape[(landscape[["theta_0", "theta_1"]] - POINT).abs().max(axis=1) <= WINDOW]
    grid = near.pivot(index="theta_1", columns="theta_0", values="loss")
    axes.contour(grid.columns, grid.index, grid, levels=16, colors="0.75", linewidths=0.6)
    axes.grid(visible=False)


def _arrows(axes: Axes, estimates: pd.DataFrame, gradient: np.ndarray) -> None:
    arrows = estimates[COMPONENTS].head(NUM_ARROWS)
    scale = REACH / np.linalg.norm(arrows.to_numpy(), axis=1).max()
    for i, arrow in enumerate(arrows.to_numpy() * scale):
        label = "forward gradients" if i == 0 else None
        _arrow(axes, arrow, color="0.45", width=0.004, label=label)
    _arrow(axes, gradient * scale, color=style.COLORS[0], width=0.012, label="exact gradient")
    mean = estimates[COMPONENTS].mean().to_numpy() * scale
    error = 1.96 * scale * estimates[COMPONENTS].std().to_numpy() / sqrt(len(estimates))
    point: style.LineStyle = {
        "fmt": "D",
        "color": style.COLORS[2],
        "markersize": 4,
        "zorder": 4,
        "capsize": 2,
    }
    x, y = POINT + mean
    axes.errorbar(x, y, xerr=error[0], yerr=error[1], label="mean", **point)
    axes.set_xlim(POINT[0] - WINDOW, POINT[0] + WINDOW)
    axes.set_ylim(POINT[1] - WINDOW, POINT[1] + WINDOW)


def _arrow(axes: Axes, arrow: np.ndarray, **line: Any) -> None:
    axes.quiver(*POINT, *arrow, angles="xy", scale_units="xy", scale=1, **line)


def _finding(estimates: pd.DataFrame, exact: pd.DataFrame) -> str:
    """Return the distances of one estimate and of the mean from the gradient."""
    if estimates.empty:
        return "Forward gradients"
    gradient = exact["gradient"].to_numpy(float)
    draws = estimates[COMPONENTS].to_numpy(float)
    error = np.linalg.norm(draws.mean(axis=0) - gradient) / np.linalg.norm(gradient)
    single = np.sqrt((np.linalg.norm(draws - gradient, axis=1) ** 2).mean())
    return (
        f"One estimate misses the gradient by {single / np.linalg.norm(gradient):.2g} of its "
        f"length, their mean by {error:.2g}"
    )
