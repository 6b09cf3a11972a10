"""Evaluations of the loss to a target against the dimension, by the rule of the update: what hard thresholding saves."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

GUIDES: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "sgd": ("-", "proportional to d (guide, no fit)", lambda d: d),
    "hard_thresholding": (":", "proportional to log d (guide, no fit)", np.log),
}
"""Lines to compare with, through the lowest first point of each rule: dashes, label, law."""


def draw(tables: Mapping[str, pd.DataFrame], *names: str) -> Figure:
    """tables: `final`, `targets` and `scaling`. A panel per framework."""
    keys = ["experiment", "backend", "estimator"]
    told = tables["final"].query("experiment in @names and best_rate")[
        [*keys, "dimension", "evaluations"]
    ]
    rows = _named(
        tables["targets"]
        .query("experiment in @names")
        .merge(told, on=keys)
        .sort_values("dimension")
    )
    kinds, backends = style.lines(sorted(rows["family"].unique())), list(rows["backend"].unique())
    made, panels = style.figure(1, len(backends), width=8.0, height=4.6)
    for axes, backend in zip(panels[0], backends, strict=True):
        here = rows[rows["backend"] == backend]
        slopes = (
            _named(tables["scaling"].query("backend == @backend"))
            .dropna(subset=["slope"])
            .set_index("family")
        )
        for family, line in kinds.items():
            # The points where every trial reached the target.
            part = here[(here["family"] == family) & (here["n_reached"] == here["n"])]
            name = style.label(family) + (
                _slope(slopes.loc[[family]]) if family in slopes.index else ""
            )
            style.line_with_interval(
                axes, part["dimension"], part, "evaluations_to_target", line, name
            )
        _unreached(axes, here[here["n_reached"] < here["n"]], kinds)
        for optimizer, guide in GUIDES.items():
            _guide(axes, here[here["optimizer"] == optimizer], *guide)
        axes.set(
            xlabel="dimension d",
            ylabel="evaluations of the loss to the target",
            title=style.BACKENDS[backend],
        )
        axes.set(xscale="log", yscale="log", xticks=here["dimension"].unique())
        axes.minorticks_off()
        for axis in (axes.xaxis, axes.yaxis):
            style.plain_ticks(axis)
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=2, fontsize=7)
    made.suptitle(_title(rows), fontsize=9)
    return made


def _title(rows: pd.DataFrame) -> str:
    target = rows["target_loss"].iloc[0]
    return (
        f"evaluations until the loss is {target:g}, each at its own tuned rate; inter-quartile mean of n = {style.count_range(rows['n'])} "
        f"seeds,\n{style.interval()}; arrow: not every trial came there, how many of n, at all they spent"
    )


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their family: the rule of the update and the estimator."""
    return rows.assign(family=rows["optimizer"] + ", " + rows["estimator"])


def _slope(rows: pd.DataFrame) -> str:
    slope, low, high = (rows[name].to_numpy()[0] for name in ("slope", "slope_low", "slope_high"))
    return f": d^{slope:.2f} [{low:.2f}, {high:.2f}]"


def _unreached(axes: Axes, rows: pd.DataFrame, kinds: Mapping[str, dict[str, Any]]) -> None:
    """Arrows where not, at all that a trial spent; what is said of two that lie together stands apart."""
    for i, row in enumerate(rows.sort_values(["dimension", "evaluations"]).to_dict("records")):
        color, below = kinds[row["family"]]["color"], i % 2 == 0
        at = (row["dimension"], row["evaluations"])
        axes.plot(*at, marker="^", color=color, markerfacecolor="none", linestyle="")
        said, offset = f"{row['n_reached']} of {row['n']}", (0, -14 if below else 8)
        axes.annotate(said, at, offset, textcoords="offset points", ha="center", color=color)


def _guide(
    axes: Axes, rows: pd.DataFrame, dashes: str, said: str, law: Callable[[Any], Any]
) -> None:
    reached = rows.dropna(subset=["evaluations_to_target"])
    if reached.empty:
        return
    first = reached.sort_values(["dimension", "evaluations_to_target"]).iloc[0]
    d = np.geomspace(first["dimension"], rows["dimension"].max(), 50)
    level = first["evaluations_to_target"] * law(d) / law(first["dimension"])
    axes.plot(d, level, color="0.7", linestyle=dashes, linewidth=3, zorder=0, label=said)
