"""Common style of all figures.

An estimator has the same line in all panels of a figure. The lines stay distinguishable in gray
print, because each has its own dashes and marker.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from dirgrad.records.files import write_atomically
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
X_AXES = {"step": "iteration", "train_seconds": "training time [s per trial]"}
"""Columns that training curves are plotted against, with their axis labels."""
LOSSES = {"valid_loss": "validation loss [nat]", "final_loss": "final training loss"}
NOISE_LABEL = "timing noise (forward pass / itself)"
"""Legend label of the ratio between two timings of the same forward pass."""
FORMATS = ("svg", "png", "pdf")
REPORT_FORMATS = ("svg",)
"""Formats of the figures that only the report shows."""
TITLE_SIZE = 9
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

    Args:
        confidence: Confidence of the intervals in the tables, which figure titles state.
    """
    token = _CONFIDENCE.set(confidence)
    try:
        with mpl.rc_context(RC):
            yield
    finally:
        _CONFIDENCE.reset(token)


def interval() -> str:
    """Return the name of the intervals in the tables, such as "95 % bootstrap interval"."""
    return f"{100 * _CONFIDENCE.get():g} % bootstrap interval"


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


def add_title(figure: Figure, *lines_of_text: str) -> None:
    """Add a title of one or more lines above all panels."""
    figure.suptitle("\n".join(lines_of_text), fontsize=TITLE_SIZE)


def add_legend(figure: Figure, panels: Any, ncols: int, **text: Any) -> None:
    """Add one legend for all panels below them.

    Args:
        figure: The figure.
        panels: Array of the axes whose labels the legend shows.
        ncols: Number of columns of the legend.
        **text: Further options of the legend, such as `fontsize`.
    """
    handles, labels = shared_legend(panels)
    figure.legend(handles, labels, loc="outside lower center", ncols=ncols, **text)


def one_framework(
    draw: Callable[..., Figure],
    tables: Tables,
    subjects: Iterable[str],
    backend: str,
) -> Figure:
    """Return a figure that is drawn only from the rows of one framework.

    Args:
        draw: Function that draws the figure.
        tables: Tables of all frameworks; a table without the column `backend` is used as it is.
        subjects: Further arguments of `draw`.
        backend: The framework, `jax` or `torch`.
    """
    has_backend = [name for name, table in tables.items() if "backend" in table]
    selected = {
        name: table[table["backend"] == backend] if name in has_backend else table
        for name, table in tables.items()
    }
    if all(selected[name].empty for name in has_backend):
        figure, _ = new_figure(1, 1)
        add_title(figure, f"{BACKENDS[backend]}: n = 0 rows, nothing to show")
        return figure
    return draw(selected, *subjects)


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


def label(name: str) -> str:
    """Return a name of the configuration as words."""
    return name.replace("_", " ")


def shared_legend(panels: Any) -> tuple[list[Any], list[str]]:
    """Return the handles and the labels of all panels, each label once."""
    entries: dict[str, Any] = {}
    for axes in panels.flat:
        handles, labels = axes.get_legend_handles_labels()
        entries = dict(zip(labels, handles, strict=True)) | entries
    return list(entries.values()), list(entries)


def plain_ticks(axis: Axis) -> None:
    """Label the ticks of a logarithmic axis with plain numbers, such as 0.001."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def whole_ticks(axis: Axis) -> None:
    """Place ticks at 1, 2, 5, 10 and so on, for a logarithmic axis with a short range."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    plain_ticks(axis)


def noise_warning(cost: pd.DataFrame) -> str:
    """Return a warning of a noisy machine as an extra title line, or "" on a quiet machine."""
    share = cost["other_cpu_fraction"].max()
    if share > NOISY_FRACTION:
        return f"\nNOISY MACHINE: other processes used {share:.0%} of the CPU time"
    return ""


def count_range(counts: pd.Series) -> str:
    """Return a count as text, or the smallest and the largest count if they differ."""
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


def line_with_interval(
    axes: Axes,
    x: pd.Series,
    part: pd.DataFrame,
    column: str,
    line: LineStyle,
    name: str,
) -> None:
    """Draw a column as a line, with its interval as a band.

    Args:
        axes: The panel.
        x: Abscissae, one per row.
        part: Rows with the columns `column`, `column_low` and `column_high`.
        column: Name of the column.
        line: Line style.
        name: Label in the legend.
    """
    axes.plot(
        x,
        part[column],
        label=name,
        markevery=max(len(x) // 6, 1),
        markersize=3.5,
        **line,
    )
    low = part[f"{column}_low"]
    high = part[f"{column}_high"]
    if low.notna().any():
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
    axes.errorbar(
        x,
        rows[column],
        yerr=errors,
        label=name,
        markersize=4,
        **marker_style(line),
    )


def save(
    figure: Figure,
    stem: Path,
    origin: str,
    formats: Sequence[str] = FORMATS,
) -> None:
    """Save a figure as `stem` plus each suffix; equal figures give equal bytes.

    Args:
        figure: The figure.
        stem: Path without the suffix.
        origin: Line that says where the data come from; it is stored as metadata.
        formats: Suffixes of the files.
    """
    layout = figure.get_layout_engine()
    if layout is not None:
        # The layout is computed once instead of once per format.
        layout.execute(figure)
        figure.set_layout_engine("none")
    # A date would make the bytes depend on the time of saving.
    metadata: dict[str, dict[str, str | None]] = {
        "svg": {"Title": stem.name, "Description": origin, "Date": None},
        "png": {"Title": stem.name, "Description": origin},
        "pdf": {"Title": stem.name, "Subject": origin, "CreationDate": None},
    }
    for suffix in formats:
        write = partial(figure.savefig, format=suffix, metadata=metadata[suffix])
        write_atomically(stem.with_name(f"{stem.name}.{suffix}"), write)
