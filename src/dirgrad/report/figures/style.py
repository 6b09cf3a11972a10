"""How all figures look: the same estimator has the same line everywhere, told apart in grey by its dashes and marker."""

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
from dirgrad.records.machine_load import NOISY

# Okabe and Ito's palette, which the colour-blind can tell apart, ordered from dark to light for print in grey.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8C6D31")
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
ABSCISSAE = {"step": "iteration", "train_seconds": "training time [s per trial]"}
"""What a curve is drawn against: the columns and their labels."""
LOSSES = {"valid_loss": "validation loss [nat]", "final_loss": "final training loss"}
NOISE_LABEL = "the function again / the function"
"""How a figure names the noise of a clock."""
FORMATS = ("svg", "png", "pdf")
REPORT_FORMATS = ("svg",)
"""What the report shows."""
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


_CONFIDENCE: ContextVar[float] = ContextVar("_CONFIDENCE")


@contextmanager
def figure_style(confidence: float) -> Iterator[None]:
    """The context in which figures are drawn and saved. confidence: of the intervals in the tables, which titles tell."""
    before = _CONFIDENCE.set(confidence)
    try:
        with mpl.rc_context(RC):
            yield
    finally:
        _CONFIDENCE.reset(before)


def interval() -> str:
    """What interval the tables have: `95 % bootstrap interval`."""
    return f"{100 * _CONFIDENCE.get():g} % bootstrap interval"


def figure(
    rows: int, columns: int, width: float = 9.0, height: float | Sequence[float] = 2.4
) -> tuple[Figure, Any]:
    """A figure in inches, `height` per row or of each, and its axes: (rows, columns)."""
    heights = [height] * rows if isinstance(height, float) else height
    made = Figure(figsize=(width, sum(heights) + 0.5), layout="constrained")
    return made, made.subplots(rows, columns, squeeze=False, height_ratios=heights)


def one_framework(
    draw: Callable[..., Figure],
    tables: Mapping[str, pd.DataFrame],
    subjects: Iterable[str],
    backend: str,
) -> Figure:
    """A figure of one framework: the same drawing, of its rows alone."""
    rows = {
        name: table[table["backend"] == backend] if "backend" in table else table
        for name, table in tables.items()
    }
    if all(part.empty for name, part in rows.items() if "backend" in tables[name]):
        made, _ = figure(1, 1)
        made.suptitle(f"{BACKENDS[backend]}: n = 0 rows, nothing to show", fontsize=9)
        return made
    return draw(rows, *subjects)


def lines(estimators: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The line of every estimator, in the order given: the ninth has the first's colour and marker, with other dashes and hollow,
    so that both lines and points tell them apart."""
    count = len(COLOURS)
    return {
        name: {
            "color": COLOURS[i % count],
            "linestyle": DASHES[(i + i // count) % count],
            "marker": MARKERS[i % count],
        }
        | {"fillstyle": FILLS[i // count % len(FILLS)]}
        for i, name in enumerate(estimators)
    }


def mark(line: Mapping[str, Any]) -> dict[str, Any]:
    """The points of a line, without the line."""
    return {
        "color": line["color"],
        "marker": line["marker"],
        "fillstyle": line["fillstyle"],
        "linestyle": "",
    }


def label(name: str) -> str:
    """A name of the configuration as words."""
    return name.replace("_", " ")


def shared_legend(panels: Any) -> tuple[list[Any], list[str]]:
    """What one legend says of all panels: each name once."""
    found: dict[str, Any] = {}
    for axes in panels.flat:
        handles, labels = axes.get_legend_handles_labels()
        found = dict(zip(labels, handles, strict=True)) | found
    return list(found.values()), list(found)


def plain_ticks(axis: Axis) -> None:
    """Ticks of a logarithmic axis that read 0.001, not 10 to a power."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def whole_ticks(axis: Axis) -> None:
    """Ticks of a logarithmic axis of small ratios: 1, 2, 5, 10 and so on."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    plain_ticks(axis)


def noisy(cost: pd.DataFrame) -> str:
    """What a title says where other processes took more of the machine than a clock bears."""
    share = cost["other_cpu_fraction"].max()
    return f"\nNOISY MACHINE: others took {share:.0%} of it" if share > NOISY else ""


def count_range(counts: pd.Series) -> str:
    """How many: a number, or the least and the greatest."""
    return (
        "0"
        if counts.empty
        else str(counts.min())
        if counts.min() == counts.max()
        else f"{counts.min()} to {counts.max()}"
    )


def line_with_interval(
    axes: Axes, x: pd.Series, part: pd.DataFrame, column: str, line: dict[str, Any], name: str
) -> None:
    """A line with its interval."""
    axes.plot(x, part[column], label=name, markevery=max(len(x) // 6, 1), markersize=3.5, **line)
    if part[f"{column}_low"].notna().any():
        axes.fill_between(
            x,
            part[f"{column}_low"],
            part[f"{column}_high"],
            color=line["color"],
            alpha=0.18,
            linewidth=0,
        )


def points_with_interval(
    axes: Axes, x: pd.Series, rows: pd.DataFrame, column: str, line: Mapping[str, Any], name: str
) -> None:
    """Marks without a line, each with its interval."""
    ends = [rows[column] - rows[f"{column}_low"], rows[f"{column}_high"] - rows[column]]
    axes.errorbar(x, rows[column], yerr=ends, label=name, markersize=4, **mark(line))


def save(made: Figure, stem: Path, origin: str, formats: Sequence[str] = FORMATS) -> None:
    """`stem` in each format, with `origin` in its metadata; the same figure of the same origin gives the same bytes."""
    layout = made.get_layout_engine()
    if layout is not None:
        # Laid out once, not once for each format.
        layout.execute(made)
        made.set_layout_engine("none")
    told: dict[str, dict[str, str | None]] = {
        "svg": {"Title": stem.name, "Description": origin, "Date": None},
        "png": {"Title": stem.name, "Description": origin},
        "pdf": {"Title": stem.name, "Subject": origin, "CreationDate": None},
    }
    for suffix in formats:
        write = partial(made.savefig, format=suffix, metadata=told[suffix])
        write_atomically(stem.with_name(f"{stem.name}.{suffix}"), write)
