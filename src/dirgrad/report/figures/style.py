"""Common style of all figures.

An estimator has the same line in all panels of a figure. The lines stay distinguishable in gray
print, because each has its own dashes and marker.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from textwrap import fill
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from dirgrad.records.machine_load import NOISY_FRACTION

# The palette of Okabe and Ito, which color-blind readers can distinguish. It is ordered from dark
# to light, so that the first colors also differ in gray print.
COLORS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8C6D31")
DASHES: tuple[Any, ...] = (
    "-",
    "--",
    "-.",
    ":",
    (0, (5, 1, 1, 1, 1, 1)),
    (0, (8, 2)),
    (0, (1, 3)),
    (0, (4, 1, 1, 1)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
FILLS = ("full", "none", "left")
BACKENDS = {"jax": "JAX", "torch": "PyTorch"}
MEGABYTE = 1e6
X_AXES = {"step": "iteration", "train_seconds": "training time [s per trial]"}
"""Columns that training curves are plotted against, with their axis labels."""
LOSSES = {"valid_loss": "validation loss [nat]", "final_loss": "final training loss"}
NOISE_LABEL = "timing noise (forward pass / itself)"
"""Legend label of the ratio between two timings of the same forward pass."""
BAND = 0.7
"""Fraction of the distance between two experiments over which the estimators are spread."""
TITLE_SIZE = 9
LEARNED = 0.02
"""Least share of its first loss that backprop must remove before its times mean anything."""
DATE_VARIABLE = "SOURCE_DATE_EPOCH"
"""Variable from which matplotlib takes the date of a file."""
RC: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "figure.dpi": 120,
    "savefig.dpi": 160,
    "svg.hashsalt": "dirgrad",
    "svg.fonttype": "none",
}

Tables = Mapping[str, pd.DataFrame]
LineStyle = dict[str, Any]
LineStyles = Mapping[str, LineStyle]
"""Line style of each estimator, as `lines` returns them."""

_CONFIDENCE: ContextVar[float] = ContextVar("_CONFIDENCE")


@contextmanager
def figure_style(confidence: float) -> Iterator[None]:
    """Set the context in which figures are drawn and saved.

    It depends neither on the user's settings of matplotlib nor on a date in the environment.

    Args:
        confidence: Confidence of the intervals in the tables, which figure titles state.
    """
    token = _CONFIDENCE.set(confidence)
    date = os.environ.pop(DATE_VARIABLE, None)
    try:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(RC)
            yield
    finally:
        _CONFIDENCE.reset(token)
        if date is not None:
            os.environ[DATE_VARIABLE] = date


def interval() -> str:
    """Return the name of the intervals in the tables, such as "95 % bootstrap interval"."""
    return f"{100 * _CONFIDENCE.get():g} % bootstrap interval"


def line_styles(estimators: Iterable[str]) -> dict[str, LineStyle]:
    """Return the line style of each estimator, in the given order.

    The ninth estimator has the color and the marker of the first one, but other dashes and a hollow
    marker. Both lines and single points therefore stay distinguishable.
    """
    count = len(COLORS)
    styles: dict[str, LineStyle] = {}
    for i, name in enumerate(estimators):
        repeats = i // count
        styles[name] = {
            "color": COLORS[i % count],
            "linestyle": DASHES[(i + repeats) % count],
            "marker": MARKERS[i % count],
            "fillstyle": FILLS[repeats % len(FILLS)],
        }
    return styles


def marker_style(line: LineStyle) -> LineStyle:
    """Return the style of the points of a line, without the line between them."""
    return {
        "color": line["color"],
        "marker": line["marker"],
        "fillstyle": line["fillstyle"],
        "linestyle": "",
    }


def thin_line(line: LineStyle) -> LineStyle:
    """Return the style of a line of theory, without points on it."""
    return {"color": line["color"], "linestyle": line["linestyle"], "linewidth": 0.9}


LOWER_BOUND: LineStyle = {"marker": "^", "markerfacecolor": "none", "linestyle": ""}
"""Style of a mark at a bound, where the value itself lies higher."""


def label(name: str) -> str:
    """Return a name of the configuration as words."""
    return name.replace("_", " ")


def plain_ticks(*scales: Axis) -> None:
    """Label the ticks of logarithmic axes with plain numbers, such as 0.001."""
    for axis in scales:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())


def whole_ticks(axis: Axis) -> None:
    """Place ticks at 1, 2, 5, 10 and so on, for a logarithmic axis with a short range."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    plain_ticks(axis)


def number(value: float) -> str:
    """Return a number with two significant digits, or without decimals from 100 on."""
    return f"{value:.2g}" if abs(value) < 99.5 else f"{value:,.0f}"


def alternatives(values: pd.Series) -> str:
    """Return the different numbers of a column in words, such as `0.1 or 0.3`."""
    return " or ".join(f"{value:g}" for value in sorted(values.unique()))


def first_framework(table: pd.DataFrame) -> str:
    """Return the framework that a figure of one framework shows: JAX if the table has it."""
    return next((name for name in BACKENDS if name in set(table["backend"])), "")


def short_label(name: str) -> str:
    """Return the label of an estimator, without the words that all forward gradients share.

    A long label has several lines.
    """
    return fill(label(name.removeprefix("forward_gradient_")), 18)


def noise_warning(cost: pd.DataFrame) -> str:
    """Return a warning of a noisy machine as an extra title line, or "" on a quiet machine."""
    share = cost["other_cpu_fraction"].max()
    if share > NOISY_FRACTION:
        return f"\nNOISY MACHINE: other processes used {share:.0%} of the CPU time"
    return ""


def worst_residual(quality: pd.DataFrame) -> str:
    """Return the largest distance between a measured SNR and its closed form, in parentheses."""
    z = quality["snr_z"].dropna()
    if z.empty:
        return "(no residual)"
    return f"(worst residual {z.abs().max():.1f} standard errors of {len(z)})"


def count_range(counts: pd.Series) -> str:
    """Return a count as text, or the smallest and the largest count if they differ."""
    # In a table with rows that were not measured, a column of counts has nulls.
    counts = counts.dropna().astype(int)
    if counts.empty:
        return "0"
    if counts.min() == counts.max():
        return str(counts.min())
    return f"{counts.min()} to {counts.max()}"


def error_lengths(rows: pd.DataFrame, column: str) -> list[pd.Series]:
    """Return the distances from the values of a column to the two ends of their intervals."""
    below = rows[column] - rows[f"{column}_low"]
    above = rows[f"{column}_high"] - rows[column]
    return [below, above]


def parts(
    rows: pd.DataFrame, styles: LineStyles, column: str = "estimator"
) -> Iterator[tuple[pd.DataFrame, LineStyle, str]]:
    """Yield the rows, the line style and the label of each estimator.

    Args:
        rows: The rows of a panel.
        styles: Line style by estimator; an estimator without rows is yielded too.
        column: Column with the keys of `styles`.
    """
    for name, line in styles.items():
        yield rows[rows[column] == name], line, label(name)


def line_with_interval(
    axes: Axes,
    x: pd.Series,
    part: pd.DataFrame,
    column: str,
    line: LineStyle,
    name: str,
    unit: float = 1.0,
) -> None:
    """Draw a column as a line, with its interval as a band.

    Args:
        axes: The panel.
        x: Abscissae, one per row.
        part: Rows with the columns `column` and, if the value has an interval, `column_low` and
            `column_high`.
        column: Name of the column.
        line: Line style.
        name: Label in the legend.
        unit: Unit of the axis, by which the values are divided.
    """
    every = max(len(x) // 6, 1)
    axes.plot(x, part[column] / unit, label=name, markevery=every, markersize=3.5, **line)
    if f"{column}_low" in part and part[f"{column}_low"].notna().any():
        low, high = (part[f"{column}_{end}"] / unit for end in ("low", "high"))
        axes.fill_between(x, low, high, color=line["color"], alpha=0.18, linewidth=0)


def points_with_interval(
    axes: Axes,
    x: pd.Series,
    rows: pd.DataFrame,
    column: str,
    line: LineStyle,
    name: str,
) -> None:
    """Draw a column as points with error bars; the arguments are as in `line_with_interval`."""
    errors = error_lengths(rows, column)
    axes.errorbar(x, rows[column], yerr=errors, label=name, markersize=4, **marker_style(line))


def points_across(
    axes: Axes,
    part: pd.DataFrame,
    column: str,
    y: Any,
    line: LineStyle,
    name: str,
    size: float,
) -> None:
    """Draw a column along the x axis as points with error bars; an absent end is not drawn.

    Args:
        axes: The panel.
        part: Rows with the columns `column`, `column_low` and `column_high`.
        column: Name of the column.
        y: Heights, one per row.
        line: Line style, whose color and marker the points have.
        name: Label in the legend.
        size: Size of the markers in points.
    """
    errors = [length.clip(lower=0).fillna(0) for length in error_lengths(part, column)]
    shape = marker_style(line) | {"markersize": size, "elinewidth": 1}
    axes.errorbar(part[column], y, xerr=errors, label=name, **shape)


def with_heights(rows: pd.DataFrame, experiments: Sequence[str]) -> pd.DataFrame:
    """Return the rows with a column `height`, which spreads the estimators of an experiment.

    Args:
        rows: Rows with the columns `experiment` and `estimator`.
        experiments: Names of the heights 0, 1, ...
    """
    groups = rows.groupby("experiment")["estimator"]
    position = (groups.cumcount() + 0.5) / groups.transform("size")
    center = rows["experiment"].map([*experiments].index).astype(float)
    return rows.assign(height=center + (position - 0.5) * BAND)


def name_heights(axes: Axes, names: Sequence[str]) -> None:
    """Label the heights 0, 1, ... with names, from the top to the bottom."""
    axes.set_yticks(range(len(names)), map(label, names))
    axes.set_ylim(len(names) - 0.5, -0.5)
