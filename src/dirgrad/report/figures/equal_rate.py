"""Backprop and other estimators compared at equal learning rates.

The layout follows Baydin et al. 2022.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("curves", "baydin")
FIGURES = {
    "baydin_fig3": ("training/logistic_regression",),
    "baydin_fig4": ("training/mlp",),
    "baydin_fig5": ("training/cnn",),
}
CATEGORY = "baydin"
TITLE = "Validation loss at equal learning rates"
CAPTION = """
Estimators at the same learning rate. T_b is the time at which backprop reaches its lowest
validation loss (gray line). T_f is the time at which another estimator reaches the same loss.
Times are inter-quartile means over seeds. A band, or a pair of numbers, is the range of a time
whose record points are far apart.
"""
ALT = "Validation loss of every estimator, against iterations and against seconds."

BACKPROP = "backprop"


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of two panels per learning rate and framework."""
    curves = tables["curves"].query("experiment == @experiment and valid_loss == valid_loss")
    times = tables["baydin"].query("problem == @experiment")
    names = curves["estimator"].unique()
    styles = style.line_styles(sorted(names, key=lambda name: name != BACKPROP))
    keys = ["learning_rate", "backend"]
    ordered = curves.sort_values(keys, kind="stable")
    figure, grid = panels.facet_rows(ordered, keys, 2, width=10.4, height=2.2)
    for panel_row, rows, (rate, backend) in grid:
        at_rate = times.query("learning_rate == @rate and backend == @backend")
        titles = (f"{style.BACKENDS[backend]}, rate {rate:g}", _finding(at_rate))
        for axes, title, (column, label) in zip(
            panel_row, titles, style.X_AXES.items(), strict=True
        ):
            _losses(axes, rows, column, styles)
            axes.set(xlabel=label, ylabel="validation loss [nat]", title=title)
        _times(panel_row[1], rows, at_rate, styles)
        panel_row[1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    return panels.finish(
        figure,
        curves,
        "{subject}: equal rate for all estimators; "
        "inter-quartile mean of n = {n} seeds, {interval}",
        subject=style.label(experiment),
    )


def _finding(times: pd.DataFrame) -> str:
    """Return how many estimators reach backprop's lowest loss sooner than backprop."""
    ratios = times[times["quantity"] == "T_f_over_T_b"]
    sooner = ratios.get("value_to", pd.Series(dtype=float)) < 1
    return f"sooner than backprop: {int(sooner.sum())} of {len(ratios)} estimators"


def _losses(axes: Axes, curves: pd.DataFrame, column: str, styles: style.LineStyles) -> None:
    for part, line, _ in style.parts(curves, styles):
        style.line_with_interval(axes, part[column], part, "valid_loss", line, "_nolegend_")


def _times(axes: Axes, curves: pd.DataFrame, times: pd.DataFrame, styles: style.LineStyles) -> None:
    """Draw backprop's lowest validation loss and the times at which it is reached."""
    lowest = curves.loc[curves["estimator"] == BACKPROP, "valid_loss"].min()
    axes.axhline(lowest, color="0.6", linewidth=0.8)
    for name, line in styles.items():
        time = "T_b" if name == BACKPROP else "T_f"
        value, low, high = _seconds(times, time, name)
        if np.isfinite(value):
            text = f"{time} = {value:.3g} s"
            axes.axvline(value, linewidth=1, color=line["color"], linestyle=(0, (1, 1)))
        elif np.isfinite(high):
            text = f"{time} = {low:.3g} to {high:.3g} s"
            axes.axvspan(low, high, alpha=0.15, color=line["color"])
        else:
            text = f"{time} not reached by all"
        axes.plot([], [], label=f"{style.label(name)}: {text}", markersize=3.5, **line)


def _seconds(times: pd.DataFrame, time: str, estimator: str) -> list[float]:
    """Return T_b, or T_f of an estimator, and its bounds; an unknown number is NaN."""
    rows = times[times["quantity"] == f"{time}_seconds"]
    if estimator != BACKPROP:
        rows = rows[rows["estimator"] == estimator]
    first = rows.reset_index(drop=True).reindex([0]).iloc[0]
    return [float(first.get(name, np.nan)) for name in ("value", "value_from", "value_to")]
