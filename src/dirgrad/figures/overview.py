"""Where every estimator ends on every experiment, and what a step of it costs beside backprop's."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.figures import style

BAND = 0.8
"""The part of the space between two experiments over which the estimators are spread."""


def draw(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """tables: `final`."""
    best = tables["final"].query("best_rate")
    experiments, backends = list(tables["final"]["experiment"].unique()), list(tables["final"]["backend"].unique())
    kinds = style.lines(tables["final"]["estimator"].unique())
    made, panels = style.figure(len(backends), 2, height=0.5 * len(experiments) + 0.4)
    for row, backend in zip(panels, backends, strict=True):
        here = best.query("backend == @backend")
        _dots(row[0], here, experiments, kinds, "final_loss")
        row[0].set(xlabel="final training loss", title=style.BACKENDS[backend])
        _dots(row[1], _over_backprop(here), experiments, kinds, "step_ratio")
        row[1].set(xlabel="time of a step / backprop's", title=style.BACKENDS[backend])
        row[1].axvline(1.0, color="0.5", linewidth=0.8)
    handles, labels = panels[0][0].get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    made.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=min(len(shown), 3))
    made.suptitle(
        f"each estimator at the best rate of the grid; inter-quartile mean of n = {style.span(best['n_ok'])} seeds, "
        f"{style.interval()}",
        fontsize=9,
    )
    return made


def _over_backprop(final: pd.DataFrame) -> pd.DataFrame:
    base = final[final["estimator_kind"] == "backprop"].set_index("experiment")["step_seconds"]
    below = final["experiment"].map(base).astype(float)
    return final.assign(**{f"step_ratio{end}": final[f"step_seconds{end}"] / below for end in ("", "_low", "_high")})


def _dots(axes: Axes, final: pd.DataFrame, experiments: list[str], kinds: Mapping[str, dict[str, Any]], column: str) -> None:
    shift = {name: ((i + 0.5) / len(kinds) - 0.5) * BAND for i, name in enumerate(kinds)}
    for estimator, line in kinds.items():
        part = final[final["estimator"] == estimator]
        y = [experiments.index(one) + shift[estimator] for one in part["experiment"]]
        ends = (part[column] - part[f"{column}_low"], part[f"{column}_high"] - part[column])
        errors = [end.clip(lower=0).fillna(0) for end in ends]
        shape: dict[str, Any] = {"markersize": 4, "elinewidth": 1} | style.mark(line)
        axes.errorbar(part[column], y, xerr=errors, label=style.label(estimator), **shape)
    axes.set(yticks=range(len(experiments)), yticklabels=map(style.label, experiments), ylim=(len(experiments) - 0.5, -0.5))
    if len(final):
        axes.set_xscale("log")
        style.plain_ticks(axes.xaxis)
