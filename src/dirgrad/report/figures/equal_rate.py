"""Backprop and the forward gradient compared at equal learning rates.

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
TITLE = "Training and validation loss at equal learning rates"
CAPTION = """
Backprop and the forward gradient at the same learning rate. T_b is the time at which backprop
reaches its lowest validation loss (gray line). T_f is the time at which the forward gradient
reaches the same loss. Both are inter-quartile means over seeds. A band is the range of a time
whose record points are far apart.
"""
ALT = "Loss curves of backprop and the forward gradient, against iterations and against seconds."

SHOWN = ("backprop", "forward_gradient")
LOSSES = {"loss": ("training", "-"), "valid_loss": ("validation", ":")}
"""Label and dashes of each loss column."""
TIMES = {"T_b": "backprop", "T_f": "forward_gradient"}
"""Estimator of each time."""


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of two panels per learning rate and framework."""
    curves = tables["curves"].query("experiment == @experiment and estimator in @SHOWN")
    times = tables["baydin"].query("problem == @experiment")
    keys = ["learning_rate", "backend"]
    ordered = curves.sort_values(keys, kind="stable")
    figure, grid = panels.facet_rows(ordered, keys, 2, height=2.2)
    for panel_row, rows, (rate, backend) in grid:
        title = f"{style.BACKENDS[backend]}, rate {rate:g}"
        for axes, (column, label) in zip(panel_row, style.X_AXES.items(), strict=True):
            _losses(axes, rows, column)
            axes.set(xlabel=label, ylabel="loss [nat]", title=title)
        times_axes = panel_row[1]
        _times(times_axes, rows, times.query("learning_rate == @rate and backend == @backend"))
        times_axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    return panels.finish(
        figure,
        curves,
        "{subject}: equal rate for both estimators; "
        "inter-quartile mean of n = {n} seeds, {interval}",
        subject=style.label(experiment),
    )


def _losses(axes: Axes, curves: pd.DataFrame, column: str) -> None:
    for part, line, estimator in style.parts(curves, style.line_styles(SHOWN)):
        for values, (name, dashes) in LOSSES.items():
            if values in part and part[values].notna().any():
                dashed, label = line | {"linestyle": dashes}, f"{estimator}, {name}"
                style.line_with_interval(axes, part[column], part, values, dashed, label)


def _times(axes: Axes, curves: pd.DataFrame, times: pd.DataFrame) -> None:
    """Draw backprop's lowest validation loss and the times at which it is reached."""
    by_quantity = times.set_index("quantity")
    lowest = curves.loc[curves["estimator"] == "backprop", "valid_loss"].min()
    axes.axhline(lowest, color="0.6", linewidth=0.8)
    styles = style.line_styles(SHOWN)
    for name, estimator in TIMES.items():
        row = by_quantity.reindex([f"{name}_seconds"]).iloc[0]
        seconds, low, high = (
            float(row.get(column, np.nan)) for column in ("value", "value_from", "value_to")
        )
        color = styles[estimator]["color"]
        if np.isfinite(seconds):
            label = f"{name} = {seconds:.3g} s"
            axes.axvline(seconds, linewidth=1, label=label, color=color, linestyle=(0, (1, 1)))
        elif np.isfinite(high):
            label = f"{name} between {low:.3g} and {high:.3g} s"
            axes.axvspan(low, high, alpha=0.15, label=label, color=color)
        else:
            axes.plot([], [], " ", label=f"{name} not reached by all")
