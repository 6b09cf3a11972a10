"""Loss against steps and against seconds, each estimator at its own best learning rate."""

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import labels, panels, style

TABLES = ("curves", "targets")
FIGURES = {
    "own_best_rate_curves": (
        "training/mlp_sgd",
        "training/mlp_momentum",
        "training/mlp_adam",
    )
}
ONE_FRAMEWORK = True
CATEGORY = "frye"
TITLE = "Learning at the best rate of each estimator"
CAPTION = """
Training loss of a perceptron against steps and against seconds of training, for three optimizers.
Each estimator has its own best learning rate and fresh seeds. The gray line is the target loss.
"""
ALT = "A column per optimizer, a line per estimator: loss against steps above, and seconds below."

X_AXES = {"step": "steps", "train_seconds": "training time [s per trial]"}
MOST = 8
"""Largest number of lines in a panel."""


def draw(tables: style.Tables, *experiments: str) -> Figure:
    """Draw a column of two panels per experiment, of one framework."""
    backend = style.first_framework(tables["curves"])
    selection = "backend == @backend and experiment in @experiments"
    curves = tables["curves"].query(f"{selection} and stage == 'final' and step > 0")
    targets = tables["targets"].query(selection)
    shown = [name for name in experiments if name in set(curves["experiment"])] or [*experiments]
    styles = style.line_styles(list(curves["estimator"].unique())[:MOST])
    figure, grid = panels.new_figure(2, len(shown), width=8.5, height=1.9)
    for column, experiment in zip(grid.T, shown, strict=True):
        rows = curves.query("experiment == @experiment")
        aims = targets.query("experiment == @experiment")
        for axes, (x, xlabel) in zip(column, X_AXES.items(), strict=True):
            labels.draw_lines(axes, rows, x, "loss", styles)
            for loss in aims["target_loss"].unique():
                axes.axhline(loss, color="0.7", linewidth=0.6, zorder=0)
            axes.set(xlabel=xlabel, xscale="log")
            style.plain_ticks(axes.xaxis)
            labels.name_lines(axes)
        column[0].set_title(f"{style.label(experiment)}\n{_ratio(aims, 'steps')}", fontsize=8)
        column[1].set_title(_ratio(aims, "seconds"), fontsize=8)
    for axes in grid[:, 0]:
        axes.set_ylabel("training loss [nat]")
    return panels.finish(
        figure,
        curves,
        _finding(targets),
        "{backend}; each estimator at its own best rate; inter-quartile mean of n = {n} seeds, "
        "{interval}",
        backend=style.BACKENDS.get(backend, ""),
    )


def _range(targets: pd.DataFrame, unit: str) -> str:
    """Return the range of the ratios of the other estimators, or their least value."""
    others = targets[targets["estimator"] != "backprop"]
    low, high = (others[f"{unit}_over_backprop_{end}"] for end in ("from", "to"))
    if low.isna().all():
        return ""
    if high.isna().any():
        return f"at least {style.number(low.min())} times"
    return f"{style.number(low.min())} to {style.number(high.max())} times"


def _ratio(targets: pd.DataFrame, unit: str) -> str:
    text = _range(targets, unit)
    return f"{text} backprop's {unit}" if text else ""


def _finding(targets: pd.DataFrame) -> str:
    steps, seconds = (_range(targets, unit) for unit in ("steps", "seconds"))
    if not steps:
        return "Loss at the best rate of each estimator"
    losses = " or ".join(f"{loss:g}" for loss in targets["target_loss"].unique())
    start = f"To reach a loss of {losses}, the others need {steps} backprop's steps"
    return f"{start} and {seconds} its seconds" if seconds else start
