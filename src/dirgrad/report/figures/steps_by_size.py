"""Steps to a target loss against the number of parameters, by method."""

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import labels, panels, style

TABLES = ("steps_by_size",)
FIGURES = {
    "steps_by_size": (
        "training/heads_16",
        "training/heads_32",
        "training/heads_64",
        "training/heads_128",
        "training/heads_256",
    )
}
ONE_FRAMEWORK = True
SWEEP = True
CATEGORY = "beyond"
TITLE = "Steps to a target loss, by size and method"
CAPTION = """
Steps until the validation loss of a perceptron with two hidden layers reaches a target, against the
number of its parameters. The widths of the hidden layers are 16 to 256. Noise moves the weights of
all layers, the activities of all layers, or the activities of one block, whose loss is its own.
Each method has the rate with the lowest final validation loss, which need not be the rate with the
fewest steps.
"""
ALT = "A line of steps per method in double logarithms, with arrows where the target was missed."

STEPS = "steps_to_target"
RATIO = "steps_over_backprop"
FORWARD = ("forward_gradient", "activity_perturbation", "local_activity_perturbation")
"""Kinds of estimators that use forward mode only."""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw one panel with a line per estimator, of one framework."""
    table = tables["steps_by_size"]
    backend = style.first_framework(table)
    chosen = (table["backend"] == backend) & table["experiment"].isin(names)
    rows = _at_every_size(table[chosen]).sort_values(["estimator", "dimension"])
    figure, ((axes,),) = panels.new_figure(1, 1, width=6.4, height=4.2)
    _lines(axes, rows)
    axes.set(xlabel="parameters of the network", ylabel="steps to the target")
    axes.set(xscale="log", yscale="log", xticks=sorted(rows["dimension"].unique()))
    axes.minorticks_off()
    style.plain_ticks(axes.xaxis)
    style.whole_ticks(axes.yaxis)
    labels.name_lines(axes, size=8.0)
    return panels.finish(
        figure,
        rows,
        _finding(rows),
        "{backend}; loss {target_loss}; each method at its own best rate; "
        "inter-quartile mean of n = {n} seeds",
        "band: {interval}; arrow: steps taken where a seed missed the target",
        backend=style.BACKENDS.get(backend, ""),
        target_loss=style.alternatives(rows["target_loss"]),
    )


def _at_every_size(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the estimators that were trained at every size."""
    sizes = rows.groupby("estimator")["dimension"].nunique()
    return rows[rows["estimator"].map(sizes) == rows["dimension"].nunique()]


def _lines(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw a line per estimator, and an arrow at each lower bound."""
    styles = style.line_styles(rows["estimator"].unique())
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        name = fill(style.label(estimator), 18)
        shown = part.assign(**{STEPS: part[STEPS].fillna(part[f"{STEPS}_from"])})
        style.line_with_interval(axes, shown["dimension"], shown, STEPS, line, name)
        missed = part[part[f"{STEPS}_to"].isna()]
        axes.plot(
            missed["dimension"], missed[f"{STEPS}_from"], color=line["color"], **style.LOWER_BOUND
        )


def _finding(rows: pd.DataFrame) -> str:
    """Return the range of steps over backprop's, of the best method without reverse mode."""
    forward = rows[rows["estimator_kind"].isin(FORWARD)]
    largest = forward.groupby("estimator")[f"{RATIO}_to"].agg(lambda to: to.max(skipna=False))
    if largest.dropna().empty:
        return "Without reverse mode, every method misses the target at some size"
    best = forward[forward["estimator"] == largest.idxmin()]
    low, high = best[f"{RATIO}_from"].min(), best[f"{RATIO}_to"].max()
    return (
        f"Without reverse mode, {style.label(best['estimator'].iloc[0])} takes the fewest steps:\n"
        f"{style.number(low)} to {style.number(high)} times backprop's"
    )
