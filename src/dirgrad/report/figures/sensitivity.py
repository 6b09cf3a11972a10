"""Loss against the learning rate, for every rate of the search."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, scales, style

TABLES = ("final",)
EACH = "tuned experiment"
CATEGORY = "frye"
TITLE = "Sensitivity to the learning rate"
CAPTION = """
Search of every estimator over the shared grid of learning rates, and beyond an end of the grid at
which its best rate lies. A line ends where a trial failed. A ring marks the rate that the search
selected.
"""
ALT = "A line per estimator: loss against the learning rate, with a ring at the selected rate."

NO_SURVIVOR = "every learning rate of the search has a failed trial"


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw one panel per framework."""
    final = tables["final"].query("experiment == @experiment")
    search = final.query("stage == 'tuning'")
    column = "valid_loss" if search["valid_loss"].notna().any() else "final_loss"
    styles = style.line_styles(final["estimator"].unique())
    figure, grid = panels.facets(final, None, "backend", height=2.8)
    for axes, rows, _, backend, _ in grid:
        succeeded = _succeeded(rows)
        for part, line, name in style.parts(succeeded, styles):
            _curve(axes, part, column, line, name)
        axes.set(xlabel="learning rate", ylabel=style.LOSSES[column])
        axes.set_title(style.BACKENDS[backend])
        if len(succeeded):
            axes.set(xscale="log")
            scales.loss_scale(axes, succeeded[column])
        else:
            axes.set(xticks=[], yticks=[])
            axes.annotate(NO_SURVIVOR, (0.5, 0.5), xycoords="axes fraction", ha="center")
    return panels.finish(
        figure,
        search,
        "{subject}, {optimizer}: inter-quartile mean of n = {n_seeds} seeds of the search, "
        "{interval}",
        "ring: selected rate; a line ends where a trial failed",
        legend=3,
        legend_of=figure.axes[:1],
        subject=style.label(experiment),
        optimizer=" or ".join(final["optimizer"].unique()),
    )


def _succeeded(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rates of the search without a failed trial; `selected` marks the best ones."""
    keys = ["estimator", "learning_rate"]
    best = set(rows.loc[rows["best_rate"], keys].itertuples(index=False, name=None))
    search = rows.query("stage == 'tuning' and n_ok == n_seeds").sort_values("learning_rate")
    selected = [pair in best for pair in search[keys].itertuples(index=False, name=None)]
    return search.assign(selected=np.array(selected, dtype=bool))


def _curve(axes: Axes, rows: pd.DataFrame, column: str, line: style.LineStyle, name: str) -> None:
    rates = rows["learning_rate"]
    axes.plot(rates, rows[column], label=name, markersize=4, **line)
    low, high = rows[f"{column}_low"], rows[f"{column}_high"]
    if low.notna().any():
        axes.fill_between(rates, low, high, color=line["color"], alpha=0.15, linewidth=0)
    ring = rows[rows["selected"]]
    hollow: style.LineStyle = {"markersize": 11, "markerfacecolor": "none", "color": line["color"]}
    axes.plot(ring["learning_rate"], ring[column], "o", **hollow)
