"""Loss against the learning rate: the search of every estimator over the grid that all share."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: Mapping[str, pd.DataFrame], experiment: str) -> Figure:
    """tables: `final`."""
    rows = tables["final"].query("experiment == @experiment")
    search, backends = rows.query("stage == 'tuning'"), list(rows["backend"].unique())
    column = "valid_loss" if search["valid_loss"].notna().any() else "final_loss"
    kinds = style.lines(rows["estimator"].unique())
    made, panels = style.figure(1, len(backends), height=2.8)
    for axes, backend in zip(panels[0], backends, strict=True):
        here, best = (
            search.query("backend == @backend"),
            rows.query("backend == @backend and best_rate"),
        )
        for estimator, line in kinds.items():
            chosen = best.loc[best["estimator"] == estimator, "learning_rate"]
            _curve(
                axes,
                here[here["estimator"] == estimator],
                column,
                line,
                style.label(estimator),
                list(chosen),
            )
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="learning rate",
            ylabel=style.LOSSES[column],
            title=style.BACKENDS[backend],
        )
    handles, labels = panels[0][0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower center", ncols=3)
    made.suptitle(
        f"{style.label(experiment)}, {rows['optimizer'].iloc[0]}: inter-quartile mean of n = {style.count_range(search['n_seeds'])} seeds "
        f"of the search, {style.interval()}; ring: the rate chosen; a line ends where a trial fails",
        fontsize=9,
    )
    return made


def _curve(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    line: dict[str, Any],
    name: str,
    chosen: list[float],
) -> None:
    sound = rows[rows["n_ok"] == rows["n_seeds"]].sort_values("learning_rate")
    axes.plot(sound["learning_rate"], sound[column], label=name, markersize=4, **line)
    if sound[f"{column}_low"].notna().any():
        bounds = (sound[f"{column}_low"], sound[f"{column}_high"])
        axes.fill_between(
            sound["learning_rate"], *bounds, color=line["color"], alpha=0.15, linewidth=0
        )
    ring = sound[sound["learning_rate"].isin(chosen)]
    axes.plot(
        ring["learning_rate"],
        ring[column],
        "o",
        markersize=11,
        markerfacecolor="none",
        color=line["color"],
    )
