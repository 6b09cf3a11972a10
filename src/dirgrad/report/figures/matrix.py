"""Every family of problems and every estimator: loss, time, memory and noise on one page."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
OFFSETS = {"jax": -0.16, "torch": 0.16}
"""Height of the mark of each framework relative to the line of its estimator."""
FILLS = {"jax": "full", "torch": "none"}
ROW_HEIGHT = 1.15
LABELS = {"finite_difference_central": "central difference", "forward_gradient": "Gaussian"}


class Column(NamedTuple):
    """A column of panels.

    Attributes:
        name: Column of the table.
        title: The quantity in words.
        shared: Whether all its panels have one range.
        absent: Word for a row that has no value although everything was measured.
    """

    name: str
    title: str
    shared: bool
    absent: str = ""


COLUMNS = (
    Column("final_loss", "final training loss", shared=False),
    Column("step_over_backprop", "step time / backprop's", shared=True),
    Column("temp_bytes_over_inference", "step memory / inference's", True, "inference holds none"),
    Column("snr", "signal-to-noise ratio", shared=True, absent="no noise"),
)


def draw(tables: style.Tables, *_: str) -> Figure:
    """Draw a row of panels per problem and a column per quantity."""
    matrix = tables["matrix"].replace(np.inf, np.nan)
    styles = style.line_styles(matrix["estimator"].unique())
    figure, rows_of_panels = panels.facet_rows(
        matrix, "problem", len(COLUMNS), width=10.0, height=ROW_HEIGHT
    )
    for row_of_panels, rows, problem in rows_of_panels:
        for axes, column in zip(row_of_panels, COLUMNS, strict=True):
            _panel(axes, rows, column, styles)
        _name_row(row_of_panels[0], rows, problem, [*styles])
    grid = np.array([row for row, _, _ in rows_of_panels]).reshape(-1, len(COLUMNS))
    for column_of_panels, column in zip(grid.T, COLUMNS, strict=True):
        _finish_column(column_of_panels, column)
    if len(grid):
        _explain_marks(grid[0, 0], matrix)
    subtitle = (
        "inter-quartile means with {interval}: n = {n} trials, {rounds} rounds of timing, "
        "{draws} draws"
    )
    return panels.finish(figure, matrix, _statement(matrix), subtitle, legend=3)


def _panel(axes: Axes, rows: pd.DataFrame, column: Column, styles: style.LineStyles) -> None:
    """Draw a mark per estimator and framework, or a word where there is no value."""
    for height, (estimator, line) in enumerate(styles.items()):
        for row in rows[rows["estimator"] == estimator].to_dict("records"):
            y = height + OFFSETS[row["backend"]]
            if pd.isna(row[column.name]):
                word = column.absent if row["status"] == "ok" else row["status"]
                place: dict[str, Any] = {"transform": axes.get_yaxis_transform()}
                axes.text(0.5, y, word, fontsize=6, ha="center", va="center", **place)
            else:
                part = pd.DataFrame([row])
                _mark(axes, part, column.name, y, line | {"fillstyle": FILLS[row["backend"]]})
    axes.set_xscale("log")
    axes.set_ylim(len(styles) - 0.5, -0.5)
    axes.set_yticks(range(len(styles)), [])
    if column.name == "step_over_backprop":
        axes.axvline(1, color="0.6", linewidth=0.8, zorder=0)


def _mark(axes: Axes, part: pd.DataFrame, name: str, y: float, line: style.LineStyle) -> None:
    """Draw a value with its interval, if the column has one, and the closed form of an SNR."""
    for end in ("low", "high"):
        if f"{name}_{end}" not in part:
            part = part.assign(**{f"{name}_{end}": np.nan})
    style.points_across(axes, part, name, [y], line, "_", 4.5)
    if name == "snr":
        theory: style.LineStyle = {
            "marker": "|",
            "color": "0.4",
            "markersize": 9,
            "linestyle": "",
            "zorder": 1,
        }
        axes.plot(part["snr_theory"], [y], label="_", **theory)


def _name_row(axes: Axes, rows: pd.DataFrame, problem: str, estimators: list[str]) -> None:
    """Name the problem and the estimators at the left of a row of panels."""
    dimension = style.count_range(rows["dimension"])
    name = "\n".join(style.label(problem).split())
    axes.set_ylabel(f"{name}\nd = {dimension}", fontsize=8)
    names = [style.label(LABELS.get(name, name)) for name in estimators]
    axes.set_yticks(range(len(names)), names, fontsize=7)


def _finish_column(column_of_panels: np.ndarray, column: Column) -> None:
    """Give the panels of a column one range, if they share it, and name the quantity."""
    for axes in column_of_panels:
        axes.margins(x=0.12)
        axes.tick_params(axis="x", labelsize=7)
        axes.set_xlabel(column.title, fontsize=7)
    if column.shared:
        limits = np.array([axes.get_xlim() for axes in column_of_panels if axes.lines])
        for axes in column_of_panels if len(limits) else ():
            axes.set_xlim(limits[:, 0].min(), limits[:, 1].max())


def _explain_marks(axes: Axes, matrix: pd.DataFrame) -> None:
    """Add the frameworks and the closed form to the legend."""
    for backend in matrix["backend"].unique():
        mark: style.LineStyle = {
            "marker": "o",
            "color": "0",
            "linestyle": "",
            "fillstyle": FILLS[backend],
        }
        axes.plot([], [], label=style.BACKENDS[backend], **mark)
    axes.plot([], [], marker="|", color="0.4", linestyle="", label="closed form")


def _statement(matrix: pd.DataFrame) -> str:
    """Return what the figure shows, as counts over all rows that are not backprop."""
    keys = ["problem", "backend"]
    is_backprop = matrix["estimator"] == BACKPROP
    names = ["final_loss", "step_temp_bytes"]
    reference = matrix.loc[is_backprop, [*keys, *names]]
    others = matrix[~is_backprop].merge(reference, on=keys, how="left", suffixes=("", "_backprop"))
    equal = others["final_loss"] <= TOLERANCE * others["final_loss_backprop"]
    smaller = others["step_temp_bytes"] < others["step_temp_bytes_backprop"]
    faster = others["step_over_backprop"] < 1
    return (
        f"Of {len(others)} cells without backprop, {equal.sum()} end at most "
        f"{TOLERANCE - 1:.0%} above backprop's loss, {faster.sum()} take faster steps and "
        f"{smaller.sum()} smaller ones (memory)"
    )
