"""Backprop and other estimators compared at equal learning rates.

The layout follows Baydin et al. 2022.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import labels, panels, style

TABLES = ("curves", "baydin")
FIGURES = {
    "baydin_fig3": ("training/logistic_regression",),
    "baydin_fig4": ("training/mlp",),
    "baydin_fig5": ("training/cnn",),
}
ONE_FRAMEWORK = True
CATEGORY = "baydin"
TITLE = "Validation loss at equal learning rates"
CAPTION = """
Estimators at the same learning rate. T_b is the time at which backprop reaches its lowest
validation loss (gray line). T_f is the time at which another estimator reaches the same loss.
Times are inter-quartile means over seeds. A band, or a pair of numbers, is the range of a time
whose record points are far apart. Where backprop removes less than 2 % of its loss, no time is
stated.
"""
ALT = "Validation loss of every estimator, against iterations and against seconds."

BACKPROP = "backprop"


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of two panels per learning rate, of one framework."""
    backend = style.first_framework(tables["curves"])
    selection = "experiment == @experiment and backend == @backend and valid_loss == valid_loss"
    curves = tables["curves"].query(selection).astype({"learning_rate": float})
    times = tables["baydin"].query("problem == @experiment and backend == @backend")
    names = curves["estimator"].unique()
    styles = style.line_styles(sorted(names, key=lambda name: name != BACKPROP))
    ordered = curves.sort_values("learning_rate", kind="stable")
    figure, grid = panels.facet_rows(ordered, "learning_rate", 2, width=8.5, height=2.2)
    for panel_row, rows, rate in grid:
        at_rate = times.query("learning_rate == @rate")
        if not _learned(at_rate):
            at_rate = at_rate.iloc[:0]
        texts = {name: _in_words(at_rate, name) for name in styles}
        for axes, (column, label) in zip(panel_row, style.X_AXES.items(), strict=True):
            _losses(axes, rows, column, styles, texts)
            axes.set(xlabel=label, ylabel="validation loss [nat]", title=f"rate {rate:g}")
        _times(panel_row[1], rows, at_rate, styles)
        labels.name_lines(panel_row[1], shrinkage=0.55)
    return panels.finish(
        figure,
        curves,
        f"{style.label(experiment)}: {_finding(times)}",
        "{backend}; equal rate for all estimators; inter-quartile mean of n = {n} seeds, "
        "{interval}",
        backend=style.BACKENDS.get(backend, ""),
    )


def _learned(times: pd.DataFrame) -> bool:
    """Return whether backprop learns enough for a time to mean anything."""
    return bool((times["loss_reduction"].dropna() >= style.LEARNED).any())


def _losses(
    axes: Axes,
    curves: pd.DataFrame,
    column: str,
    styles: style.LineStyles,
    texts: dict[str, str],
) -> None:
    for name, line in styles.items():
        part = curves[curves["estimator"] == name]
        text = f"{style.short_label(name)}{texts[name]}"
        style.line_with_interval(axes, part[column], part, "valid_loss", line, text)


def _times(axes: Axes, curves: pd.DataFrame, times: pd.DataFrame, styles: style.LineStyles) -> None:
    """Draw the lowest validation loss of backprop and the times at which it is reached."""
    for name, line in styles.items():
        value, low, high = _seconds(times, name)
        if np.isfinite(value):
            axes.axvline(value, linewidth=1, color=line["color"], linestyle=(0, (1, 1)))
        elif np.isfinite(high):
            axes.axvspan(low, high, alpha=0.15, color=line["color"])
    backprop_seconds = _seconds(times, BACKPROP)[0]
    if np.isfinite(backprop_seconds):
        curve = curves[curves["estimator"] == BACKPROP]
        lowest = np.interp(backprop_seconds, curve["train_seconds"], curve["valid_loss"])
        axes.axhline(float(lowest), color="0.6", linewidth=0.8)


def _seconds(times: pd.DataFrame, estimator: str) -> list[float]:
    """Return T_b, or T_f of an estimator, and its bounds; an unknown number is NaN."""
    quantity = "T_b_seconds" if estimator == BACKPROP else "T_f_seconds"
    rows = times[times["quantity"] == quantity]
    if estimator != BACKPROP:
        rows = rows[rows["estimator"] == estimator]
    first = rows.reset_index(drop=True).reindex([0]).iloc[0]
    return [float(first.get(name, np.nan)) for name in ("value", "value_from", "value_to")]


def _in_words(times: pd.DataFrame, estimator: str) -> str:
    """Return the time of an estimator as the second line of its name; empty without times."""
    if times.empty:
        return ""
    symbol = "$T_b$" if estimator == BACKPROP else "$T_f$"
    value, low, high = _seconds(times, estimator)
    if np.isfinite(value):
        return f"\n{symbol} = {value:.3g} s"
    if np.isfinite(high):
        return f"\n{symbol} = {low:.3g} to {high:.3g} s"
    return f"\n{symbol} not reached by all"


def _finding(times: pd.DataFrame) -> str:
    """Return how many estimators reach the lowest loss of backprop sooner, at each rate."""
    texts = []
    ratios = times[times["quantity"] == "T_f_over_T_b"]
    for rate, rows in ratios.sort_values("learning_rate").groupby("learning_rate"):
        if _learned(rows):
            sooner = int((rows["value_to"] < 1).sum())
            count = f"{sooner} of {len(rows)} sooner than backprop"
            texts.append(f"{count} at the rate {rate:g} ($T_f/T_b$ {_range(rows)})")
        else:
            share = rows["loss_reduction"].max()
            removed = f"backprop removes only {100 * share:.1g} % of its loss"
            texts.append(f"{removed} at the rate {rate:g}")
    return "; ".join(texts) or "no times"


def _range(ratios: pd.DataFrame) -> str:
    """Return the range of ratios of times, or their lower bound if one has no upper end."""
    least = style.number(ratios["value_from"].min())
    if ratios["value_to"].isna().any():
        return f"{least} or more"
    most = style.number(ratios["value_to"].max())
    return least if least == most else f"{least} to {most}"
