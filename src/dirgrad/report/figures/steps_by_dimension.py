"""Steps to a target over backprop's, against the dimension, for several directions per step."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import labels, panels, style

TABLES = ("steps_by_dimension",)
FIGURES = {
    "steps_by_dimension": (
        "training/quadratic_d10",
        "training/quadratic_d30",
        "training/quadratic_d100",
        "training/quadratic_d300",
        "training/quadratic_d10_backprop",
        "training/quadratic_d30_backprop",
        "training/quadratic_d100_backprop",
        "training/quadratic_d300_backprop",
    )
}
ONE_FRAMEWORK = True
SWEEP = True
CATEGORY = "frye"
TITLE = "Steps over backprop's, by dimension and directions"
CAPTION = """
Steps to a hundredth of the expected initial loss of a quadratic over backprop's with the same
starting point, against the dimension d, for K Gaussian directions per step. The largest curvature
is ten times the smallest. Each estimator has the rate with the lowest loss after all steps of a
search, which need not be the rate with the fewest steps. The gray lines are (d + K + 1)/K, not a
fit: with equal curvatures, the best step of backprop lowers the expected loss by this factor more
than the best step along K directions. With equal curvatures backprop would reach the minimum in
one step, so the curvatures differ here, and the gray lines are an approximation. For a Hessian H
and a gradient g, the same derivation gives tr H |g|^2 / (g^T H g) instead of d. On this quadratic
it is about 0.6 d at the start, and it grows to up to 4 d as coordinates of high curvature vanish.
Backprop takes few steps, so a difference of one step moves all lines.
"""
ALT = "A rising line per number of directions, close to gray lines of theory in double logarithms."

STEPS = "steps_over_backprop"


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw one panel with a line per number of directions, of one framework."""
    table = tables["steps_by_dimension"]
    backend = style.first_framework(table)
    chosen = (table["backend"] == backend) & table["experiment"].isin(names)
    rows = table[chosen].sort_values(["num_directions", "dimension"])
    figure, ((axes,),) = panels.new_figure(1, 1, width=6.4, height=3.7)
    _lines(axes, rows)
    axes.set(xlabel="dimension d", ylabel="steps to the target / backprop's")
    axes.set(xscale="log", yscale="log", xticks=sorted(rows["dimension"].unique()))
    style.plain_ticks(axes.xaxis, axes.yaxis)
    labels.name_lines(axes, size=8.0)
    return panels.finish(
        figure,
        rows,
        _finding(rows),
        "{backend}; each estimator at its own best rate; inter-quartile mean of n = {n} seeds",
        "band: {interval}; gray: the closed form for equal curvatures, not a fit",
        backend=style.BACKENDS.get(backend, ""),
    )


def _lines(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the measured line and the closed form of each number of directions."""
    styles = style.line_styles(rows["num_directions"].unique())
    for directions, line in styles.items():
        part = rows[rows["num_directions"] == directions]
        axes.plot(part["dimension"], part[f"{STEPS}_theory"], color="0.6", linewidth=2.5, zorder=0)
        name = f"K = {directions:g}"
        style.line_with_interval(axes, part["dimension"], part, STEPS, line, name)
        _bounds(axes, part[part[STEPS].isna()], line)


def _bounds(axes: Axes, missed: pd.DataFrame, line: style.LineStyle) -> None:
    """Draw an arrow at the lower bound where not all trials reached the target."""
    for row in missed.to_dict("records"):
        axes.plot(row["dimension"], row[f"{STEPS}_from"], color=line["color"], **style.LOWER_BOUND)


def _finding(rows: pd.DataFrame) -> str:
    """Return the range of the ratios, and how far they are from the closed form."""
    measured = rows[rows[STEPS].notna()]
    if measured.empty:
        return "No ratio was measured"
    low, high = (
        f"{style.number(row[STEPS])} (d = {row['dimension']:g}, K = {row['num_directions']:g})"
        for row in measured.sort_values(STEPS).iloc[[0, -1]].to_dict("records")
    )
    over_theory = measured[STEPS] / measured[f"{STEPS}_theory"]
    share = " to ".join(f"{end:.2f}" for end in (over_theory.min(), over_theory.max()))
    return (
        f"Forward gradients take {low} to {high} times backprop's steps,\n"
        f"which is {share} times the closed form (d + K + 1)/K"
    )
