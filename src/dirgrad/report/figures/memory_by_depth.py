"""Memory of a step against the number of layers."""

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import by_depth, labels, panels, style

TABLES = ("memory",)
FIGURES = {"memory_depth": ("memory/depth",)}
CATEGORY = "instruments"
TITLE = "Memory by depth"
CAPTION = """
Memory of a step against the number of layers. Left: the temporary bytes that the framework counts
exactly, XLA for its compiled program and in PyTorch the traced graph. Right: the peak of the
resident set above its level before the step, each value from a separate process.
"""
ALT = "A line per estimator against the number of layers: counted bytes, and resident memory."

PEAK = "resident_peak_bytes"
MOST = 8
"""Largest number of lines in a panel."""


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of two panels per framework: exact bytes, and the peak of the resident set."""
    memory = measured(tables["memory"]).query("memory == @name").sort_values("depth")
    names = memory["estimator"].drop_duplicates().sort_values(key=lambda name: name == "inference")
    styles = style.line_styles(names.head(MOST))
    figure, grid = panels.facet_rows(memory, "backend", 2, width=8.0, height=2.5)
    for panel_row, rows, backend in grid:
        accounts = {
            by_depth.EXACT[backend]: "exact temporary bytes",
            PEAK: "peak of the resident set",
        }
        for axes, (column, account) in zip(panel_row, accounts.items(), strict=True):
            by_depth.draw_lines(axes, rows, column, style.MEGABYTE, styles)
            labels.name_lines(axes)
            axes.set_title(f"{style.BACKENDS[backend]}: {account}")
    for axes in figure.axes:
        axes.set(xlabel="number of weight layers", ylabel="memory of a step [MB]")
    return panels.finish(
        figure,
        memory,
        _finding(memory),
        "{subject}, batch {batch_size}, 1 MB = 10^6 bytes; resident set: inter-quartile mean of "
        "n = {n} processes, {interval} if n > 1",
        subject=style.label(name),
    )


def _finding(memory: pd.DataFrame) -> str:
    """Return by which factors the exact memory grows with depth: backprop's and the least."""
    backend = style.first_framework(memory)
    rows = memory[memory["backend"] == backend]
    ends = rows[rows["depth"].isin([rows["depth"].min(), rows["depth"].max()])]
    if ends["depth"].nunique() < 2:
        return "Memory of a step"
    table = ends.groupby(["estimator", "depth"])[by_depth.EXACT[backend]].first().unstack()
    growth = (table.iloc[:, -1] / table.iloc[:, 0]).drop("inference", errors="ignore")
    if "backprop" not in growth:
        return "Memory of a step"
    least = str(growth.idxmin())
    return (
        f"From {table.columns[0]:.0f} to {table.columns[-1]:.0f} layers, memory in "
        f"{style.BACKENDS[backend]} grows {growth['backprop']:.2g}-fold with backprop "
        f"and {growth[least]:.2g}-fold with {style.label(least)}"
    )
