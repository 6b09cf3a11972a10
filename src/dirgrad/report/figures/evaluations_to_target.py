"""Loss evaluations until the target loss, against the dimension."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("final", "targets", "scaling")
FIGURES = {
    "szoht_queries": (
        "training/szoht_50",
        "training/szoht_160",
        "training/szoht_500",
        "training/szoht_1600",
        "training/szoht_plain_50",
        "training/szoht_plain_160",
        "training/szoht_plain_500",
        "training/szoht_plain_1600",
    )
}
CATEGORY = "szoht"
TITLE = "Evaluations to the target by dimension"
CAPTION = """
Loss evaluations until the target loss, against the number of coefficients. Five of the
true coefficients are not zero. Hard thresholding keeps ten coefficients after every step,
and SGD keeps all. Both use 20 directions, each at its own tuned learning rate. A `sphere`
direction covers all coordinates; a `support` direction covers 20 random ones. The exponent in
d^p is the slope of the least-squares line through the logarithms. The loss is the expected
loss. Its gradient is zero wherever both the true coefficients and the iterate are zero,
which is the best case for thresholding.
"""
ALT = "A line per optimizer and estimator: evaluations to the target against the dimension."

GUIDES: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "sgd": ("-", "proportional to d (guide, not a fit)", lambda d: d),
    "hard_thresholding": (":", "proportional to log d (guide, not a fit)", np.log),
}
"""Dashes, label and growth of the guide line of each optimizer.

A guide starts at the lowest point that the optimizer has in its smallest dimension.
"""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw one panel per framework."""
    data = _join_tables(tables, names)
    styles = style.line_styles(sorted(data["family"].unique()))
    figure, grid = panels.facets(data, None, "backend", width=8.0, height=4.6)
    for axes, rows, _, backend, _ in grid:
        scaling = _with_family(tables["scaling"].query("backend == @backend"))
        _lines(axes, rows, scaling.dropna(subset=["slope"]).set_index("family"), styles)
        axes.set_title(style.BACKENDS[backend])
    return panels.finish(
        figure,
        data,
        "evaluations until the loss is {target_loss}, each estimator at its own tuned rate; "
        "inter-quartile mean of n = {n} seeds,",
        "{interval}; arrow: evaluations spent where not all trials reached the target, "
        "with the number that did",
        legend=2,
        fontsize=7,
    )


def _join_tables(tables: style.Tables, names: tuple[str, ...]) -> pd.DataFrame:
    keys = ["experiment", "backend", "estimator"]
    final = tables["final"].query("experiment in @names and best_rate")
    targets = tables["targets"].query("experiment in @names")
    rows = targets.merge(final[[*keys, "dimension", "evaluations"]], on=keys)
    return _with_family(rows.sort_values("dimension"))


def _with_family(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column `family`: the optimizer and the estimator."""
    return rows.assign(family=rows["optimizer"] + ", " + rows["estimator"])


def _lines(
    axes: Axes, rows: pd.DataFrame, exponents: pd.DataFrame, styles: style.LineStyles
) -> None:
    reached = rows[rows["n_reached"] == rows["n"]]
    for family, line in styles.items():
        part = reached[reached["family"] == family]
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
    style.plain_ticks(axes.xaxis, axes.yaxis)


def _exponent_label(rows: pd.DataFrame) -> str:
    columns = ("slope", "slope_low", "slope_high")
    exponent, low, high = (rows[column].to_numpy()[0] for column in columns)
    return f": d^{exponent:.2f} [{low:.2f}, {high:.2f}]"


def _unreached(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    """Draw an arrow at the evaluations spent where not all trials reached the target."""
    hollow: style.LineStyle = {"marker": "^", "markerfacecolor": "none", "linestyle": ""}
    centered: style.LineStyle = {"textcoords": "offset points", "ha": "center"}
    ordered = rows.sort_values(["dimension", "evaluations"]).to_dict("records")
    for i, row in enumerate(ordered):
        color = styles[row["family"]]["color"]
        point = (row["dimension"], row["evaluations"])
        axes.plot(*point, color=color, **hollow)
        # The texts alternate between below and above, so that those of close points do not overlap.
        offset = (0, -14 if i % 2 == 0 else 8)
        text = f"{row['n_reached']} of {row['n']}"
        axes.annotate(text, point, offset, color=color, **centered)


def _guide(
    axes: Axes, rows: pd.DataFrame, dashes: str, label: str, growth: Callable[[Any], Any]
) -> None:
    reached = rows.dropna(subset=["evaluations_to_target"])
    if reached.empty:
        return
    first = reached.sort_values(["dimension", "evaluations_to_target"]).iloc[0]
    d = np.geomspace(first["dimension"], rows["dimension"].max(), 50)
    level = first["evaluations_to_target"] * growth(d) / growth(first["dimension"])
    axes.plot(d, level, color="0.7", linestyle=dashes, linewidth=3, zorder=0, label=label)
