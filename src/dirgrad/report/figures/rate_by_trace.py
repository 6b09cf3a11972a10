"""Largest stable rate of backprop over the rate of one direction, against tr H."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("stability",)
FIGURES = {"frye_trace": ("stability/spectrum",)}
CATEGORY = "frye"
TITLE = "Stable learning rates and the trace of the Hessian"
CAPTION = """
Largest stable learning rate of backprop over the rate of one random direction, against tr H over
the largest eigenvalue of the Hessian H at the start of training. On quadratics of 100 variables
the ratio follows this number and not the number of variables. The bar is the interval between
rates of the grid; an upward arrow means that backprop was stable at every rate.
"""
ALT = "Points with bars along a line for quadratics; two networks lie far above it."


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a panel per framework."""
    stability = tables["stability"].query("stability == @name and num_directions > 0")
    stability = stability[stability["backprop_over_rate"].notna()]
    stability = stability.sort_values("trace_over_largest")
    styles = style.line_styles(stability["estimator"].unique())
    figure, grid = panels.facets(stability, "backend", None, height=3.4)
    for axes, rows, backend, _, _ in grid:
        for i, (part, line, label) in enumerate(style.parts(rows, styles)):
            _ratios(axes, part, line, label, shift=1.04 ** (i - 1))
        scale = rows["trace_over_largest"]
        ends = [scale.min() / 1.3, scale.max() * 1.3]
        axes.plot(ends, ends, color="0.4", linewidth=0.8, label=r"tr H / $\lambda_{max}$")
        axes.plot(scale, rows["dimension"], "_", color="0.4", markersize=9, label="parameters d")
        axes.set(xscale="log", yscale="log", title=style.BACKENDS[backend])
        axes.set(
            xlabel=r"tr H / $\lambda_{max}$ (points shifted apart)",
            ylabel="rate of backprop / rate",
        )
        _name_networks(axes, rows)
        style.whole_ticks(axes.xaxis)
    return panels.finish(
        figure,
        stability,
        "largest rate of the grid at which n = {n_seeds} of {n_seeds} trials of {steps} steps "
        "were stable",
        "bar: interval between rates of the grid",
        legend=4,
    )


def _name_networks(axes: Axes, rows: pd.DataFrame) -> None:
    """Write the name of each problem without a known spectrum below its points."""
    networks = rows[rows["problem_kind"] != "quadratic"]
    for problem, part in networks.groupby("problem", sort=False):
        place = part["trace_over_largest"].iloc[0], part["backprop_over_rate_from"].min() / 1.3
        axes.text(*place, style.label(str(problem)), ha="center", va="top", fontsize=7)


def _ratios(axes: Axes, rows: pd.DataFrame, line: style.LineStyle, name: str, shift: float) -> None:
    ratio = rows["backprop_over_rate"]
    below = ratio - rows["backprop_over_rate_from"]
    above = rows["backprop_over_rate_to"] - ratio
    is_open = above == float("inf")
    shape = style.marker_style(line) | {"markersize": 4, "capsize": 2}
    x = rows["trace_over_largest"] * shift
    axes.errorbar(x, ratio, yerr=[below, above.mask(is_open, 0)], label=name, **shape)
    # An arrow shows that the ratio is at least this large.
    arrow = {"marker": "^", "linestyle": "", "color": line["color"], "markersize": 5}
    axes.plot(x[is_open], 1.25 * ratio[is_open], **arrow)
