"""Loss evaluations until the target loss, against one number at a time."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("sweeps", "scaling")
FIGURES = {
    "szoht_queries": (
        "training/szoht_50",
        "training/szoht_160",
        "training/szoht_500",
        "training/szoht_1600",
        "training/szoht_random_50",
        "training/szoht_random_160",
        "training/szoht_random_500",
        "training/szoht_random_1600",
        "training/szoht_plain_50",
        "training/szoht_plain_160",
        "training/szoht_plain_500",
        "training/szoht_plain_1600",
    ),
    "szoht_sweeps": (
        "training/szoht_500",
        "training/szoht_random_500",
        "training/szoht_k_1",
        "training/szoht_k_2",
        "training/szoht_k_10",
        "training/szoht_k_20",
        "training/szoht_k_40",
        "training/szoht_directions_1",
        "training/szoht_directions_2",
        "training/szoht_directions_5",
        "training/szoht_directions_10",
        "training/szoht_directions_50",
        "training/szoht_directions_100",
        "training/szoht_support_1",
        "training/szoht_support_5",
        "training/szoht_support_100",
        "training/szoht_support_500",
    ),
}
SWEEP = True
CATEGORY = "szoht"
TITLE = "Evaluations to the target"
CAPTION = """
Loss evaluations until the target loss. A directional derivative counts as one. `szoht_queries` is
against the dimension d; `szoht_sweeps` is against the nonzero coefficients k* of the solution, the
directions K per step, and the coordinates s of a random support, at d = 500. Where they are not
varied, k* = 5, K = 20 and s = 20. Hard thresholding keeps 2 k* coefficients after every step, and
SGD keeps all. A `sphere` direction covers all coordinates, a `random support` direction covers s
random ones. The learning rate has the lowest loss after all steps of a search, which need not be
the rate with the fewest evaluations. The power is the mean slope over seeds, and p is the p-value
of its lack of fit. The thin line is the closed form K - 1 + M of the error on the coordinates on
which the optimizer moves, times one factor per panel. It leaves out what hard thresholding adds
to the error where an estimate is noisy, so it is too low for small K. The loss is the expected
loss. Its gradient is zero wherever both the true coefficients and the iterate are zero, which is
the best case for thresholding.
"""
ALT = "Lines of evaluations to the target for each optimizer and law, beside lines of theory."

SYMBOLS = {"dimension": "d", "nonzeros": "k*", "num_directions": "K", "support": "s"}
"""Symbol of each abscissa."""
XLABELS = {
    "dimension": "dimension d",
    "nonzeros": "nonzero coefficients k*",
    "num_directions": "directions per step K",
    "support": "coordinates of the support s",
}
FAMILY = ("optimizer", "estimator_kind", "direction")
"""Columns that tell the lines of a panel apart."""
CLOSED_FORM = "closed form, one factor per panel"
"""Label of the lines of theory."""
MIN_POINTS = 3
"""Minimum number of abscissas in a panel."""


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a row of panels per framework, one per abscissa."""
    data = _with_family(tables["sweeps"].query("experiment in @names"))
    counts = data.groupby("abscissa")["x"].transform("nunique")
    data = data[counts >= MIN_POINTS].sort_values(["abscissa", "x"])
    scaling = _with_family(tables["scaling"])
    styles = style.line_styles(sorted(data["family"].unique()))
    abscissas = [name for name in SYMBOLS if name in set(data["abscissa"])]
    figure, grid = panels.facets(
        data, "backend", "abscissa", abscissas, width=5.0, per_column=3.6, height=4.2
    )
    for axes, rows, backend, abscissa, _ in grid:
        is_shown = (scaling["backend"] == backend) & (scaling["abscissa"] == abscissa)
        _lines(axes, rows, scaling[is_shown].set_index("family"), styles)
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
        target_loss=style.alternatives(data["target_loss"]),
    )


def _with_family(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column `family`: the optimizer, the estimator and the law."""
    parts = [rows[name].astype(str) for name in FAMILY]
    return rows.assign(family=parts[0] + ", " + parts[1] + ", " + parts[2])


def _lines(axes: Axes, rows: pd.DataFrame, powers: pd.DataFrame, styles: style.LineStyles) -> None:
    is_measured = rows["evaluations_to_target"].notna()
    factor = _factor(rows[is_measured])
    for family, line in styles.items():
        part = rows[rows["family"] == family]
        if part.empty:
            continue
        name = style.label(family)
        if family in powers.index:
            name += _power_label(powers.loc[[family]].iloc[0])
        measured = part[part["evaluations_to_target"].notna()]
        style.line_with_interval(axes, measured["x"], measured, "evaluations_to_target", line, name)
        axes.plot(part["x"], factor * part["evaluations_theory"], **style.thin_line(line))
    if np.isfinite(factor):
        axes.plot([], [], color="0.4", linewidth=0.9, label=CLOSED_FORM)
    _unreached(axes, rows[~is_measured], styles)
    abscissa = rows["abscissa"].iloc[0] if len(rows) else ""
    axes.set(xlabel=XLABELS.get(abscissa, ""), ylabel="loss evaluations to the target")
    axes.set(xscale="log", yscale="log", xticks=rows["x"].unique())
    axes.minorticks_off()
    style.plain_ticks(axes.xaxis)
    style.whole_ticks(axes.yaxis)


def _factor(rows: pd.DataFrame) -> float:
    """Return the geometric mean of evaluations over closed form."""
    ratios = (rows["evaluations_to_target"] / rows["evaluations_theory"]).dropna().to_numpy(float)
    return float(np.exp(np.log(ratios).mean())) if len(ratios) else np.nan


def _power_label(row: "pd.Series[Any]") -> str:
    """Return the power with its interval, or its bound, and its lack of fit."""
    symbol = SYMBOLS[row["abscissa"]]
    if pd.notna(row["slope"]):
        ends = f"[{row['slope_low']:.2f}, {row['slope_high']:.2f}]"
        fit = f", p = {row['lack_of_fit']:.2g}" if pd.notna(row["lack_of_fit"]) else ""
        return f": {symbol}^{row['slope']:.2f} {ends}{fit}"
    for end, sign in (("from", "at least"), ("to", "at most")):
        if pd.notna(row[f"slope_{end}"]):
            return f": power of {symbol} {sign} {row[f'slope_{end}']:.2f}"
    return f": no power of {symbol}"


def _unreached(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    """Draw an arrow at the evaluations spent where not all trials reached the target."""
    centered: style.LineStyle = {"textcoords": "offset points", "ha": "center"}
    ordered = rows.sort_values(["x", "evaluations_to_target_from"]).to_dict("records")
    for i, row in enumerate(ordered):
        color = styles[row["family"]]["color"]
        point = (row["x"], row["evaluations_to_target_from"])
        axes.plot(*point, color=color, **style.LOWER_BOUND)
        # The texts alternate between below and above, so that those of close points do not overlap.
        offset = (0, -14 if i % 2 == 0 else 8)
        text = f"{row['n_reached']} of {row['n']}"
        axes.annotate(text, point, offset, color=color, **centered)
