"""Panels of a figure: one per facet of the data, with one legend and one title for all."""

from collections.abc import Iterable, Sequence
from string import Formatter
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

Keys = str | list[str] | None
"""One column, several columns, or None for a facet with all rows."""


class Panel(NamedTuple):
    """A panel with the rows that it shows.

    Attributes:
        axes: The panel.
        rows: Rows of the data with the values `row` and `column`.
        row: Value that the panels of a row share; a tuple if the facets have several columns.
        column: Value that the panels of a column share.
        first: Whether the panel is the first of its row.
    """

    axes: Axes
    rows: pd.DataFrame
    row: Any
    column: Any
    first: bool


def new_figure(
    rows: int,
    columns: int,
    width: float = 9.0,
    height: float | Sequence[float] = 2.4,
) -> tuple[Figure, Any]:
    """Return a new figure and its axes as an array of shape (rows, columns).

    Args:
        rows: Number of rows of panels.
        columns: Number of columns of panels.
        width: Width of the figure in inches.
        height: Height of every row in inches, or one height per row.
    """
    heights = [height] * rows if isinstance(height, float) else height
    figure = Figure(figsize=(width, sum(heights) + 0.5), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, height_ratios=heights)


def facets(
    data: pd.DataFrame,
    row: Keys,
    column: Keys,
    columns: Iterable[Any] | None = None,
    width: float = 9.0,
    per_column: float = 0.0,
    height: float = 2.4,
) -> tuple[Figure, list[Panel]]:
    """Return a new figure with a panel per pair of values of `row` and `column`.

    Args:
        data: The rows to show.
        row: Columns of the data whose values the rows of panels have.
        column: Columns of the data whose values the columns of panels have.
        columns: Values of `column`; by default the values in the data, in order of appearance.
        width: Width of the figure in inches.
        per_column: Further width per column of panels in inches.
        height: Height of every row of panels in inches.
    """
    values = _values(data, column) if columns is None else list(columns)
    width += per_column * max(len(values), 1)
    figure, panel_rows = facet_rows(data, row, len(values), width=width, height=height)
    panels = [
        Panel(axes, _matching(rows, column, value), row_value, value, axes is panel_row[0])
        for panel_row, rows, row_value in panel_rows
        for axes, value in zip(panel_row, values, strict=False)
    ]
    return figure, panels


def facet_rows(
    data: pd.DataFrame,
    row: Keys,
    columns: int,
    width: float = 9.0,
    height: float | Sequence[float] = 2.4,
) -> tuple[Figure, list[tuple[Any, pd.DataFrame, Any]]]:
    """Return a new figure with a row of panels per value of `row`.

    Without data the figure has one empty row.

    Args:
        data: The rows to show.
        row: Columns of the data whose values the rows of panels have.
        columns: Number of panels in a row.
        width: Width of the figure in inches.
        height: Height of every row of panels in inches, or one height per row.

    Returns:
        The figure, and for each row of panels its axes, its rows of the data and its value.
    """
    values = _values(data, row)
    figure, grid = new_figure(max(len(values), 1), max(columns, 1), width=width, height=height)
    panel_rows = [
        (panel_row, _matching(data, row, value), value)
        for panel_row, value in zip(grid, values, strict=False)
    ]
    return figure, panel_rows


def _values(data: pd.DataFrame, keys: Keys) -> list[Any]:
    if keys is None:
        return [None]
    if isinstance(keys, str):
        return list(data[keys].unique())
    return list(data[keys].drop_duplicates().itertuples(index=False, name=None))


def _matching(data: pd.DataFrame, keys: Keys, value: Any) -> pd.DataFrame:
    if keys is None:
        return data
    pairs = [(keys, value)] if isinstance(keys, str) else zip(keys, value, strict=True)
    for key, part in pairs:
        data = data[data[key] == part]
    return data


def finish(
    figure: Figure,
    data: pd.DataFrame,
    *title: str,
    legend: int = 0,
    legend_of: Iterable[Axes] | None = None,
    fontsize: float | None = None,
    title_size: float = style.TITLE_SIZE,
    **words: str,
) -> Figure:
    """Add the title above all panels and one legend below them, and return the figure.

    Args:
        figure: The figure.
        data: Rows whose counts the title states.
        *title: Lines of the title. A field in braces is `interval`, one of `words`, or a column of
            the data, which becomes the range of its values. Lines that are wider than the figure
            are broken.
        legend: Number of columns of the legend; 0 for none.
        legend_of: Panels whose labels the legend shows, if not all.
        fontsize: Size of the legend, if not the default.
        title_size: Size of the title.
        **words: Further fields of the title.
    """
    if legend:
        handles, labels = shared_legend(figure.axes if legend_of is None else legend_of)
        text_size: style.LineStyle = {"fontsize": fontsize}
        figure.legend(handles, labels, loc="outside lower center", ncols=legend, **text_size)
    text = "\n".join(title)
    fields = {name for _, name, _, _ in Formatter().parse(text) if name}
    words = {"interval": style.interval()} | words
    counts = {name: style.count_range(data[name]) for name in fields - words.keys()}
    figure.suptitle(text.format(**words, **counts), fontsize=title_size, wrap=True)
    return figure


def shared_legend(panels: Iterable[Axes]) -> tuple[list[Any], list[str]]:
    """Return the handles and the labels of all panels, each label once."""
    entries: dict[str, Any] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        entries = dict(zip(labels, handles, strict=True)) | entries
    return list(entries.values()), list(entries)
