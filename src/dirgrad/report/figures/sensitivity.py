"""Loss is plotted against the learning rate for every rate of the search.

A line ends where a trial failed. A ring marks the rate that the search selected.
"""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw one panel per framework.

    Args:
        tables: The table `final`.
        experiment: The experiment to show.
    """
    final = tables["final"].query("experiment == @experiment")
    search = final.query("stage == 'tuning'")
    backends = final["backend"].unique()
    column = "valid_loss" if search["valid_loss"].notna().any() else "final_loss"
    styles = style.line_styles(final["estimator"].unique())
    figure, panels = style.new_figure(1, len(backends), height=2.8)
    for axes, backend in zip(panels[0], backends, strict=True):
        rows = search.query("backend == @backend")
        best = final.query("backend == @backend and best_rate")
        for estimator, line in styles.items():
            selected = best.loc[best["estimator"] == estimator, "learning_rate"]
            part = rows[rows["estimator"] == estimator]
            _curve(axes, part, column, line, style.label(estimator), list(selected))
        axes.set(xscale="log", yscale="log", xlabel="learning rate")
        axes.set(ylabel=style.LOSSES[column], title=style.BACKENDS[backend])
    style.add_legend(figure, panels[:1, :1], ncols=3)
    optimizer = final["optimizer"].iloc[0]
    seeds = style.count_range(search["n_seeds"])
    style.add_title(
        figure,
        f"{style.label(experiment)}, {optimizer}: inter-quartile mean of n = {seeds} seeds "
        f"of the search, {style.interval()}",
        "ring: selected rate; a line ends where a trial failed",
    )
    return figure


def _curve(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    line: style.LineStyle,
    name: str,
    selected: Iterable[float],
) -> None:
    succeeded = rows[rows["n_ok"] == rows["n_seeds"]].sort_values("learning_rate")
    rates = succeeded["learning_rate"]
    axes.plot(
        rates,
        succeeded[column],
        label=name,
        markersize=4,
        **line,
    )
    low = succeeded[f"{column}_low"]
    high = succeeded[f"{column}_high"]
    if low.notna().any():
        axes.fill_between(
            rates,
            low,
            high,
            color=line["color"],
            alpha=0.15,
            linewidth=0,
        )
    ring = succeeded[rates.isin(selected)]
    axes.plot(
        ring["learning_rate"],
        ring[column],
        "o",
        markersize=11,
        markerfacecolor="none",
        color=line["color"],
    )
