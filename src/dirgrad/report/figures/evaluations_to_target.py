"""Loss evaluations until the target loss are plotted against the dimension.

Each line is an update rule with an estimator. The comparison shows what hard thresholding saves.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

GUIDES: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "sgd": ("-", "proportional to d (guide, not a fit)", lambda d: d),
    "hard_thresholding": (":", "proportional to log d (guide, not a fit)", np.log),
}
"""Dashes, label and growth of the guide line of each optimizer.

A guide starts at the lowest point that the optimizer has in its smallest dimension.
"""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw one panel per framework.

    Args:
        tables: The tables `final`, `targets` and `scaling`.
        *names: The experiments to show.
    """
    rows = _join_tables(tables, names)
    styles = style.line_styles(sorted(rows["family"].unique()))
    backends = rows["backend"].unique()
    figure, panels = style.new_figure(1, len(backends), width=8.0, height=4.6)
    for axes, backend in zip(panels[0], backends, strict=True):
        scaling = _with_family(tables["scaling"].query("backend == @backend"))
        exponents = scaling.dropna(subset=["slope"]).set_index("family")
        _panel(axes, rows[rows["backend"] == backend], exponents, styles)
        axes.set_title(style.BACKENDS[backend])
    style.add_legend(figure, panels, ncols=2, fontsize=7)
    target = rows["target_loss"].iloc[0]
    seeds = style.count_range(rows["n"])
    style.add_title(
        figure,
        f"evaluations until the loss is {target:g}, each estimator at its own tuned rate; "
        f"inter-quartile mean of n = {seeds} seeds,",
        f"{style.interval()}; arrow: evaluations spent where not all trials reached the target, "
        "with the number that did",
    )
    return figure


def _join_tables(tables: style.Tables, names: tuple[str, ...]) -> pd.DataFrame:
    keys = ["experiment", "backend", "estimator"]
    final = tables["final"].query("experiment in @names and best_rate")
    targets = tables["targets"].query("experiment in @names")
    rows = targets.merge(final[[*keys, "dimension", "evaluations"]], on=keys)
    return _with_family(rows.sort_values("dimension"))


def _with_family(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column `family`: the optimizer and the estimator."""
    return rows.assign(family=rows["optimizer"] + ", " + rows["estimator"])


def _panel(
    axes: Axes,
    rows: pd.DataFrame,
    exponents: pd.DataFrame,
    styles: style.LineStyles,
) -> None:
    reached = rows["n_reached"] == rows["n"]
    for family, line in styles.items():
        part = rows[(rows["family"] == family) & reached]
        name = style.label(family)
        if family in exponents.index:
            name += _exponent_label(exponents.loc[[family]])
        style.line_with_interval(axes, part["dimension"], part, "evaluations_to_target", line, name)
    _unreached(axes, rows[rows["n_reached"] < rows["n"]], styles)
    for optimizer, guide in GUIDES.items():
        _guide(axes, rows[rows["optimizer"] == optimizer], *guide)
    axes.set(xlabel="dimension d", ylabel="loss evaluations to the target")
    axes.set(xscale="log", yscale="log", xticks=rows["dimension"].unique())
    axes.minorticks_off()
    for axis in (axes.xaxis, axes.yaxis):
        style.plain_ticks(axis)


def _exponent_label(rows: pd.DataFrame) -> str:
    columns = ("slope", "slope_low", "slope_high")
    exponent, low, high = (rows[column].to_numpy()[0] for column in columns)
    return f": d^{exponent:.2f} [{low:.2f}, {high:.2f}]"


def _unreached(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    """Draw an arrow at the evaluations spent where not all trials reached the target."""
    ordered = rows.sort_values(["dimension", "evaluations"]).to_dict("records")
    for i, row in enumerate(ordered):
        color = styles[row["family"]]["color"]
        point = (row["dimension"], row["evaluations"])
        axes.plot(
            *point,
            marker="^",
            color=color,
            markerfacecolor="none",
            linestyle="",
        )
        # The texts alternate between below and above, so that those of close points do not overlap.
        offset = (0, -14 if i % 2 == 0 else 8)
        text = f"{row['n_reached']} of {row['n']}"
        axes.annotate(
            text,
            point,
            offset,
            textcoords="offset points",
            ha="center",
            color=color,
        )


def _guide(
    axes: Axes,
    rows: pd.DataFrame,
    dashes: str,
    label: str,
    growth: Callable[[Any], Any],
) -> None:
    reached = rows.dropna(subset=["evaluations_to_target"])
    if reached.empty:
        return
    first = reached.sort_values(["dimension", "evaluations_to_target"]).iloc[0]
    d = np.geomspace(first["dimension"], rows["dimension"].max(), 50)
    level = first["evaluations_to_target"] * growth(d) / growth(first["dimension"])
    axes.plot(
        d,
        level,
        color="0.7",
        linestyle=dashes,
        linewidth=3,
        zorder=0,
        label=label,
    )
