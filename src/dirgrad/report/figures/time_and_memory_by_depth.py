"""Time of a gradient estimate and memory of a step against the number of layers.

The layout follows figure 6 of Baydin et al. 2022.
"""

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import by_depth, labels, panels, style

TABLES = ("cost", "memory")
FIGURES = {"baydin_fig6": ("cost/depth", "memory/depth")}
CATEGORY = "baydin"
TITLE = "Time and memory by depth"
CAPTION = """
Time of a gradient estimate and temporary memory of a whole step, against the number of layers. The
bytes are counted exactly, by XLA for its compiled program and in PyTorch from the traced graph.
"""
ALT = "A line per estimator against the number of layers: time on the left, memory on the right."

MILLISECOND = 1e-3
FORWARD = "forward_pass"
"""Name of the forward pass, which is drawn as if it were an estimator."""
SECONDS = "gradient_seconds"


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of two panels per framework: time and memory."""
    cost = tables["cost"].query("cost == @name")
    memory = measured(tables["memory"]).query("memory == @name")
    memory = memory.replace({"estimator": {"inference": FORWARD}})
    styles = style.line_styles([*cost["estimator"].unique(), FORWARD])
    figure, grid = panels.facet_rows(cost, "backend", 2, width=8.0, height=2.4)
    for (left, right), rows, backend in grid:
        by_depth.draw_lines(left, _with_forward(rows), SECONDS, MILLISECOND, styles)
        left.set_ylabel("time of an estimate [ms]")
        of_backend = memory.query("backend == @backend")
        exact = by_depth.EXACT[backend]
        by_depth.draw_lines(right, of_backend, exact, style.MEGABYTE, styles)
        right.set_ylabel("memory of a step [MB]")
        for axes in (left, right):
            labels.name_lines(axes)
            axes.set(title=style.BACKENDS[backend], xlabel="number of weight layers")
    return panels.finish(
        figure,
        cost,
        _finding(cost, memory),
        "{subject}; time: inter-quartile mean of n = {n} rounds of batch {batch_size}, {interval}; "
        "memory: exact bytes at batch {memory_batch}",
        subject=style.label(name),
        memory_batch=style.count_range(memory["batch_size"]),
    )


def _with_forward(cost: pd.DataFrame) -> pd.DataFrame:
    """Return the rows and, for each problem, a row with the time of the forward pass."""
    forward = cost.drop_duplicates("problem").assign(estimator=FORWARD)
    seconds = {f"{SECONDS}{end}": forward[f"forward_seconds{end}"] for end in ("", "_low", "_high")}
    return pd.concat([forward.assign(**seconds), cost])


def _finding(cost: pd.DataFrame, memory: pd.DataFrame) -> str:
    """Return time and memory of a forward gradient over backprop's in the deepest network."""
    backend = style.first_framework(cost)
    ratios = [
        _over_backprop(rows[rows["backend"] == backend], column)
        for rows, column in ((cost, SECONDS), (memory, by_depth.EXACT.get(backend, SECONDS)))
    ]
    if not all(ratios):
        return "Time and memory by depth"
    time, bytes_ = ratios
    return (
        f"At {cost['depth'].max():.0f} layers a forward gradient in {style.BACKENDS[backend]} "
        f"takes {time:.2g} times backprop's time and {bytes_:.2g} times its memory"
    )


def _over_backprop(rows: pd.DataFrame, column: str) -> float:
    """Return a value of the forward gradient over backprop's at the largest depth, or 0."""
    deepest = rows[rows["depth"] == rows["depth"].max()].drop_duplicates("estimator")
    values = deepest.set_index("estimator")[column] if len(deepest) else pd.Series(dtype=float)
    if {"backprop", "forward_gradient"} <= set(values.index):
        return float(values["forward_gradient"] / values["backprop"])
    return 0.0
