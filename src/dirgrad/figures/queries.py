"""Evaluations of the loss to a target against the dimension, by the rule of the update: what hard thresholding saves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.figures import style

SHORT = {"forward_gradient": "exact", "finite_difference": "differences"}
GUIDES = {"sgd": ("proportional to d (guide)", lambda d: d), "hard_thresholding": ("proportional to log d (guide)", np.log)}
"""Lines to compare with, through the first point of the best of each rule."""


def draw(tables: Mapping[str, pd.DataFrame], *names: str) -> Figure:
    """tables: `final`, `targets` and `scaling`. A panel per framework."""
    keys = ["experiment", "backend", "estimator"]
    told = tables["final"].query("experiment in @names and best_rate")[[*keys, "dimension", "estimator_kind", "evaluations"]]
    rows = tables["targets"].query("experiment in @names").merge(told, on=keys).sort_values("dimension")
    families = rows[["optimizer", "estimator"]].drop_duplicates().sort_values(["optimizer", "estimator"])
    kinds = style.lines(families.itertuples(index=False, name=None))
    backends = list(rows["backend"].unique())
    made, panels = style.figure(1, len(backends), width=7.5, height=3.6)
    for axes, backend in zip(panels[0], backends, strict=True):
        here = rows[rows["backend"] == backend]
        slopes = tables["scaling"].query("backend == @backend").set_index(["optimizer", "estimator"])
        for (optimizer, estimator), line in kinds.items():
            part = here.query("optimizer == @optimizer and estimator == @estimator")
            _family(axes, part, line, f"{style.label(optimizer)}, {style.label(estimator)}{_slope(slopes, optimizer, estimator)}")
        for optimizer, (said, law) in GUIDES.items():
            _guide(axes, here[here["optimizer"] == optimizer], said, law)
        axes.set(xlabel="dimension d", ylabel="evaluations of the loss to the target", title=style.BACKENDS[backend])
        axes.set(xscale="log", yscale="log", xticks=here["dimension"].unique())
        axes.minorticks_off()
        style.plain_ticks(axes.xaxis)
    made.legend(*style.entries(panels), loc="outside lower center", ncols=1, fontsize=7.5)
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


def _family(axes: Axes, part: pd.DataFrame, line: dict[str, object], name: str) -> None:
    """The points where every trial reached the target, and arrows where not."""
    reached = part[part["n_reached"] == part["n"]]
    style.band(axes, reached["dimension"], reached, "evaluations_to_target", line, name)
    for row in part[part["n_reached"] < part["n"]].itertuples():
        at = (row.dimension, row.evaluations)
        axes.plot(*at, marker="^", color=line["color"], markerfacecolor="none", linestyle="")
        axes.annotate(
            f"{row.n_reached} of {row.n}", at, (0, 12), textcoords="offset points", ha="center", fontsize=7, color=line["color"]
        )


def _guide(axes: Axes, rows: pd.DataFrame, said: str, law: object) -> None:
    reached = rows.dropna(subset=["evaluations_to_target"])
    if reached.empty:
        return
    first = reached.sort_values(["dimension", "evaluations_to_target"]).iloc[0]
    d = np.geomspace(first["dimension"], rows["dimension"].max(), 50)
    axes.plot(d, first["evaluations_to_target"] * law(d) / law(first["dimension"]), color="0.7", linewidth=3, zorder=0, label=said)
