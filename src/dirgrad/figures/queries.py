"""Evaluations of the loss to a target against the dimension, by the rule of the update: what hard thresholding saves."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.figures import style

GUIDES: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "sgd": ("-", "proportional to d (guide, no fit)", lambda d: d),
    "hard_thresholding": (":", "proportional to log d (guide, no fit)", np.log),
}
"""Lines to compare with, through the lowest first point of each rule: dashes, label, law."""


def draw(tables: Mapping[str, pd.DataFrame], *names: str) -> Figure:
    """tables: `final`, `targets` and `scaling`. A panel per framework."""
    keys = ["experiment", "backend", "estimator"]
    told = tables["final"].query("experiment in @names and best_rate")[[*keys, "dimension", "estimator_kind", "evaluations"]]
    rows = tables["targets"].query("experiment in @names").merge(told, on=keys).sort_values("dimension")
    families = rows[["optimizer", "estimator"]].drop_duplicates().sort_values(["optimizer", "estimator"])
    kinds = style.lines(families.itertuples(index=False, name=None))
    backends = list(rows["backend"].unique())
    made, panels = style.figure(1, len(backends), width=8.0, height=4.6)
    for axes, backend in zip(panels[0], backends, strict=True):
        here = rows[rows["backend"] == backend]
        slopes = tables["scaling"].query("backend == @backend").set_index(["optimizer", "estimator"])
        for (optimizer, estimator), line in kinds.items():
            part = here.query("optimizer == @optimizer and estimator == @estimator")
            _family(axes, part, line, f"{style.label(optimizer)}, {style.label(estimator)}{_slope(slopes, optimizer, estimator)}")
        _unreached(axes, here[here["n_reached"] < here["n"]], kinds)
        for optimizer, guide in GUIDES.items():
            _guide(axes, here[here["optimizer"] == optimizer], *guide)
        axes.set(xlabel="dimension d", ylabel="evaluations of the loss to the target", title=style.BACKENDS[backend])
        axes.set(xscale="log", yscale="log", xticks=here["dimension"].unique())
        axes.minorticks_off()
        for axis in (axes.xaxis, axes.yaxis):
            style.plain_ticks(axis)
    made.legend(*style.entries(panels), loc="outside lower center", ncols=2, fontsize=7)
    made.suptitle(_title(rows), fontsize=9)
    return made


def _title(rows: pd.DataFrame) -> str:
    target = rows["target_loss"].iloc[0]
    return (
        f"evaluations until the loss is {target:g}, each at its own tuned rate; inter-quartile mean of n = {style.span(rows['n'])} "
        "seeds,\n95 % bootstrap interval; arrow: not every trial came there, how many of n, at all they spent"
    )


def _slope(slopes: pd.DataFrame, optimizer: str, estimator: str) -> str:
    if (optimizer, estimator) not in slopes.index:
        return ""
    found = slopes.loc[(optimizer, estimator)]
    return "" if np.isnan(found["slope"]) else f": d^{found['slope']:.2f} [{found['slope_low']:.2f}, {found['slope_high']:.2f}]"


def _family(axes: Axes, part: pd.DataFrame, line: dict[str, Any], name: str) -> None:
    """The points where every trial reached the target."""
    reached = part[part["n_reached"] == part["n"]]
    style.band(axes, reached["dimension"], reached, "evaluations_to_target", line, name)


def _unreached(axes: Axes, rows: pd.DataFrame, kinds: Mapping[Any, dict[str, Any]]) -> None:
    """Arrows where not, at all that a trial spent; what is said of two that lie together stands apart."""
    for i, row in enumerate(rows.sort_values(["dimension", "evaluations"]).itertuples()):
        color, below = kinds[(row.optimizer, row.estimator)]["color"], i % 2 == 0
        axes.plot(row.dimension, row.evaluations, marker="^", color=color, markerfacecolor="none", linestyle="")
        said, offset = f"{row.n_reached} of {row.n}", (0, -14 if below else 8)
        axes.annotate(said, (row.dimension, row.evaluations), offset, textcoords="offset points", ha="center", color=color)


def _guide(axes: Axes, rows: pd.DataFrame, dashes: str, said: str, law: Callable[[Any], Any]) -> None:
    reached = rows.dropna(subset=["evaluations_to_target"])
    if reached.empty:
        return
    first = reached.sort_values(["dimension", "evaluations_to_target"]).iloc[0]
    d = np.geomspace(first["dimension"], rows["dimension"].max(), 50)
    level = first["evaluations_to_target"] * law(d) / law(first["dimension"])
    axes.plot(d, level, color="0.7", linestyle=dashes, linewidth=3, zorder=0, label=said)
