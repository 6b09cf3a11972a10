"""Every family of problems and every estimator: loss, time, memory and noise on one page."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from dirgrad.report.figures import panels, style

TABLES = ("matrix",)
FIGURES = {"matrix": ("cost/matrix", "quality/matrix")}
WITH_EXPERIMENTS = True
CATEGORY = "summary"
TITLE = "Every problem, framework and estimator"
CAPTION = """
A row per problem, a column per quantity. Loss: training loss after the last step, at the
estimator's best rate of those that the experiment has. Time and memory: a step of SGD relative to
a step by backprop, and relative to the evaluation of the loss function. Signal-to-noise ratio: at
the initial parameters, with its closed form. A word stands where a value cannot be.
"""
ALT = "A grid of dot plots: problems down; loss, step time, step memory and signal-to-noise across."

BACKPROP = "backprop"
TOLERANCE = 1.05
"""Factor of backprop's final loss up to which the title counts a loss as equal."""
OFFSETS = {"jax": -0.2, "torch": 0.2}
"""Height of the mark of each framework relative to the line of its estimator."""
FILLS = {"jax": "full", "torch": "none"}
NO_NOISE = 1e9
"""Signal-to-noise ratio above which an estimate differs from the gradient by rounding only."""
ROW_HEIGHT = 1.15
DECADE = 10.0
"""Range from which an axis is logarithmic."""


class Column(NamedTuple):
    """A column of panels.

    Attributes:
        name: Column of the table.
        size: Column of the sample size, which is null or 0 if nothing was measured.
        title: The quantity in words.
        shared: Whether all its panels have one range.
        absent: Word for a row that has no value although it was measured.
    """

    name: str
    size: str
    title: str
    shared: bool
    absent: str = ""


COLUMNS = (
    Column("final_loss", "n", "final training loss", shared=False),
    Column("step_over_backprop", "rounds", "step time / backprop's", shared=True),
    Column(
        "temp_bytes_over_inference",
        "rounds",
        "step memory / inference's",
        shared=True,
        absent="inference: 0 B",
    ),
    Column("snr", "draws", "signal-to-noise ratio", shared=True, absent="no noise"),
)


def draw(tables: style.Tables, *_: str) -> Figure:
    """Draw a row of panels per problem and a column per quantity."""
    matrix = tables["matrix"]
    matrix = matrix.assign(snr=matrix["snr"].where(matrix["snr"] < NO_NOISE))
    styles = style.line_styles(matrix["estimator"].unique())
    figure, panel_rows = panels.facet_rows(
        matrix, "problem", len(COLUMNS), width=10.0, height=ROW_HEIGHT
    )
    for i, column in enumerate(COLUMNS):
        column_of_panels = [panel_row[i] for panel_row, _, _ in panel_rows]
        for axes, (_, rows, _) in zip(column_of_panels, panel_rows, strict=True):
            _panel(axes, rows, column, styles)
        _scale(column_of_panels, matrix, column)
    for panel_row, rows, problem in panel_rows:
        _name_row(panel_row[0], rows, problem, [*styles])
    if panel_rows:
        _explain_marks(panel_rows[0][0][0], matrix)
    subtitle = (
        "inter-quartile means with {interval}: n = {n} trials, {rounds} rounds of timing, "
        "{draws} draws"
    )
    return panels.finish(figure, matrix, _statement(matrix), subtitle, legend=3)


def _panel(axes: Axes, rows: pd.DataFrame, column: Column, styles: style.LineStyles) -> None:
    """Draw a mark per estimator and framework, or a word if the value is absent."""
    for height, (estimator, line) in enumerate(styles.items()):
        part = rows[rows["estimator"] == estimator]
        heights = height + part["backend"].map(OFFSETS)
        for y, (_, row) in zip(heights, part.iterrows(), strict=True):
            if pd.notna(row[column.name]):
                _mark(axes, row, column.name, y, line | {"fillstyle": FILLS[row["backend"]]})
        place = axes.get_yaxis_transform()
        for y, word in _words(part, column, height):
            axes.text(0.99, y, word, fontsize=6.5, ha="right", va="center", transform=place)
    if column.name == "step_over_backprop":
        axes.axvline(1, color="0.6", linewidth=0.8, zorder=0)
    axes.set_ylim(len(styles) - 0.5, -0.5)
    axes.set_yticks(range(len(styles)), [])
    axes.tick_params(axis="x", labelsize=7)


def _words(part: pd.DataFrame, column: Column, height: float) -> Iterator[tuple[float, str]]:
    """Yield why the rows of an estimator have no value, and where a panel says it.

    A word with the framework stands at the height of its mark, if only one framework lacks it.
    """
    lacking = part[part[column.name].isna()]
    words = lacking["status"].mask(lacking[column.size] > 0, column.absent)
    if len(lacking) == len(part) and words.nunique() == 1:
        yield height, words.iloc[0]
        return
    for word, backend in zip(words, lacking["backend"], strict=True):
        yield height + OFFSETS[backend], f"{style.BACKENDS[backend]}: {word}"


def _mark(axes: Axes, row: pd.Series, name: str, y: float, line: style.LineStyle) -> None:
    """Draw a value with its interval, if the column has one, and the closed form of an SNR."""
    part = row.to_frame().T
    for end in (f"{name}_low", f"{name}_high"):
        part[end] = pd.to_numeric(part[end]) if end in part else np.nan
    style.points_across(axes, part, name, [y], line, "_", 4.5)
    if name == "snr":
        theory: style.LineStyle = {"marker": "|", "color": "0.4", "markersize": 8, "linestyle": ""}
        axes.plot([row["snr_theory"]], [y], label="_", zorder=1, **theory)


def _scale(column_of_panels: list[Axes], matrix: pd.DataFrame, column: Column) -> None:
    """Choose the ranges and the ticks of a column of panels, and name the quantity at both ends."""
    groups = (
        [matrix] if column.shared else [rows for _, rows in matrix.groupby("problem", sort=False)]
    )
    for i, axes in enumerate(column_of_panels):
        values = groups[0 if column.shared else i][column.name].dropna()
        axes.margins(x=0.12)
        if len(values) and values.max() > DECADE * values.min():
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(numticks=5))
            style.plain_ticks(axes.xaxis)
        else:
            axes.xaxis.set_major_locator(MaxNLocator(4))
    if column.shared:
        limits = np.array([axes.get_xlim() for axes in column_of_panels if axes.lines])
        for axes in column_of_panels if len(limits) else ():
            axes.set_xlim(limits[:, 0].min(), limits[:, 1].max())
    for axes in column_of_panels[:1]:
        axes.set_title(column.title, fontsize=8)
    for axes in column_of_panels[-1:]:
        axes.set_xlabel(column.title, fontsize=8)


def _name_row(axes: Axes, rows: pd.DataFrame, problem: str, estimators: list[str]) -> None:
    """Name the problem and the estimators at the left of a row of panels."""
    name = "\n".join(style.label(problem).split())
    axes.set_ylabel(f"{name}\nd = {style.count_range(rows['dimension'])}", fontsize=8)
    names = [style.short_label(estimator).replace("\n", " ") for estimator in estimators]
    axes.set_yticks(range(len(names)), names, fontsize=7)


def _explain_marks(axes: Axes, matrix: pd.DataFrame) -> None:
    """Add the frameworks and the closed form to the legend."""
    for backend in matrix["backend"].unique():
        mark: style.LineStyle = {"marker": "o", "color": "0", "fillstyle": FILLS[backend]}
        axes.plot([], [], linestyle="", label=style.BACKENDS[backend], **mark)
    axes.plot([], [], marker="|", color="0.4", linestyle="", label="closed form")


def _statement(matrix: pd.DataFrame) -> str:
    """Return what the figure shows, as counts over all rows that are not backprop."""
    keys = ["problem", "backend"]
    is_backprop = matrix["estimator"] == BACKPROP
    reference = matrix.loc[is_backprop, [*keys, "final_loss", "step_temp_bytes"]]
    others = matrix[~is_backprop].merge(reference, on=keys, how="left", suffixes=("", "_backprop"))
    equal = others["final_loss"] <= TOLERANCE * others["final_loss_backprop"]
    smaller = others["step_temp_bytes"] < others["step_temp_bytes_backprop"]
    faster = others["step_over_backprop"] < 1
    return (
        f"Without backprop, {len(others)} cells: {equal.sum()} end at most "
        f"{100 * (TOLERANCE - 1):.0f} % above backprop's loss, {faster.sum()} take less time a "
        f"step, {smaller.sum()} less memory"
    )
