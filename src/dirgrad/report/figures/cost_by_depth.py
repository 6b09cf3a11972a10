"""Step time against the number of layers."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("cost",)
FIGURES = {"cost_depth": ("cost/depth",)}
CATEGORY = "instruments"
TITLE = "Time by depth"
CAPTION = """
Step time relative to the forward pass, against the number of layers. The wide pale lines are
the FLOP bound: the fewest multiplications that an estimate needs, divided by the
multiplications of the forward pass.
"""
ALT = "A line per estimator: step time in forward passes against the number of weight layers."


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw one panel per framework."""
    cost = tables["cost"].query("cost == @name").sort_values("depth")
    styles = style.line_styles(cost["estimator"].unique())
    figure, grid = panels.facets(cost, None, "backend", height=3.0)
    for axes, rows, _, backend, _ in grid:
        _lines(axes, rows, styles)
        axes.set_title(style.BACKENDS[backend])
    return panels.finish(
        figure,
        cost,
        "{subject}: inter-quartile mean of n = {n} rounds, {interval}; batch {batch_size}{noise}",
        legend=3,
        subject=style.label(name),
        noise=style.noise_warning(cost),
    )


def _lines(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for part, line, name in style.parts(rows, styles):
        depth, bound = part["depth"], part["flop_bound_over_forward"]
        pale = {"color": line["color"], "linewidth": 3, "alpha": 0.25}
        style.line_with_interval(axes, depth, part, "step_over_forward", line, name)
        axes.plot(depth, bound, label=f"{name}: FLOP bound", **pale)
    noise = rows.drop_duplicates("depth")
    ends = (noise["timing_noise_low"], noise["timing_noise_high"])
    axes.fill_between(noise["depth"], *ends, color="0.8", label=style.NOISE_LABEL)
    axes.set(xlabel="number of weight layers", xscale="log", ylim=(0, None))
    axes.set(ylabel="step time / forward time", xticks=noise["depth"])
    style.plain_ticks(axes.xaxis)
