"""Training and validation loss of backprop and the forward gradient are compared at equal rates.

The losses are plotted against iterations and against seconds. T_b and T_f are the times at which
backprop and the forward gradient reach the lowest validation loss of backprop. The layout follows
Baydin et al. 2022.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

SHOWN = ("backprop", "forward_gradient")
LOSSES = {"loss": ("training", "-"), "valid_loss": ("validation", ":")}
"""Label and dashes of each loss column."""
TIMES = {"T_b": "backprop", "T_f": "forward_gradient"}
"""Estimator of each time."""


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of two panels per learning rate and framework.

    Args:
        tables: The tables `curves` and `baydin`.
        experiment: The experiment to show.
    """
    curves = tables["curves"].query("experiment == @experiment and estimator in @SHOWN")
    times = tables["baydin"].query("problem == @experiment")
    keys = ["learning_rate", "backend"]
    pairs = curves[keys].drop_duplicates().sort_values(keys)
    subjects = list(pairs.itertuples(index=False))
    figure, panels = style.new_figure(max(len(subjects), 1), 2, height=2.2)
    for panel_row, (rate, backend) in zip(panels, subjects, strict=False):
        rows = curves.query("learning_rate == @rate and backend == @backend")
        title = f"{style.BACKENDS[backend]}, rate {rate:g}"
        for axes, (column, label) in zip(panel_row, style.X_AXES.items(), strict=True):
            _panel(axes, rows, column)
            axes.set(xlabel=label, ylabel="loss [nat]", title=title)
        times_axes = panel_row[1]
        _times(times_axes, rows, times.query("learning_rate == @rate and backend == @backend"))
        times_axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    seeds = style.count_range(curves["n"])
    style.add_title(
        figure,
        f"{style.label(experiment)}: equal rate for both estimators; "
        f"inter-quartile mean of n = {seeds} seeds, {style.interval()}",
    )
    return figure


def _panel(axes: Axes, curves: pd.DataFrame, column: str) -> None:
    for estimator, line in style.line_styles(SHOWN).items():
        part = curves[curves["estimator"] == estimator]
        for values, (name, dashes) in LOSSES.items():
            if values in part and part[values].notna().any():
                label = f"{style.label(estimator)}, {name}"
                dashed = line | {"linestyle": dashes}
                style.line_with_interval(axes, part[column], part, values, dashed, label)


def _times(axes: Axes, curves: pd.DataFrame, times: pd.DataFrame) -> None:
    """Draw backprop's lowest validation loss and the times at which it is reached."""
    by_quantity = times.set_index("quantity")["value"]
    lowest = curves.loc[curves["estimator"] == "backprop", "valid_loss"].min()
    axes.axhline(lowest, color="0.6", linewidth=0.8)
    styles = style.line_styles(SHOWN)
    for name, estimator in TIMES.items():
        seconds = by_quantity.get(f"{name}_seconds")
        if pd.isna(seconds):
            axes.plot([], [], " ", label=f"{name} not reached by all")
        else:
            axes.axvline(
                seconds,
                color=styles[estimator]["color"],
                linestyle=(0, (1, 1)),
                linewidth=1,
                label=f"{name} = {seconds:.3g} s",
            )
