"""Resident memory of a training process over time."""

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import labels, panels, style

TABLES = ("timeline",)
FIGURES = {"memory_timeline": ("memory/timeline",)}
CATEGORY = "instruments"
TITLE = "Resident memory over time"
CAPTION = """
Resident set of the process of one training run per estimator, from its start: imports, compilation,
and then, from time 0 on, steps. A framework allocates the memory of a step before the first step or
during the first ones. Another process samples the resident set, and may miss allocations that last
less than about ten milliseconds.
"""
ALT = "A line per estimator: resident memory of its process, against seconds since the first step."

KEYS = ["backend", "estimator"]


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw one panel per framework, with a line per estimator."""
    timeline = tables["timeline"].query("memory == @name")
    timeline = timeline.assign(megabytes=timeline["resident_bytes"] / style.MEGABYTE)
    styles = style.line_styles(timeline["estimator"].unique())
    figure, grid = panels.facets(timeline, None, "backend", width=8.0, height=2.6)
    for axes, rows, _, backend, _ in grid:
        for estimator, line in styles.items():
            part = rows[rows["estimator"] == estimator]
            shape = {"color": line["color"], "linestyle": line["linestyle"]}
            label = style.short_label(estimator)
            axes.plot(part["seconds"], part["megabytes"], label=label, **shape)
        axes.axvline(0, color="0.6", linewidth=0.8)
        axes.set(xlabel="time since the first step [s]", title=style.BACKENDS[backend])
        axes.set(ylabel="resident set [MB]", ylim=(0, None))
        labels.name_lines(axes)
    return panels.finish(
        figure,
        timeline,
        _finding(timeline),
        "{subject}: n = 1 process each, no interval; {depth} layers, batch {batch_size}",
        subject=style.label(name),
    )


def _finding(timeline: pd.DataFrame) -> str:
    """Return the resident set before the first step, and how much it grows afterwards."""
    before = timeline[timeline["seconds"] <= 0].groupby(KEYS)["megabytes"].max()
    after = timeline[timeline["seconds"] > 0].groupby(KEYS)["megabytes"].max()
    growth = (after - before).dropna()
    if growth.empty:
        return "Resident memory over time"
    levels = before[growth.index]
    return (
        f"Before the first step the resident set reaches {levels.min():,.0f} to "
        f"{levels.max():,.0f} MB; then it grows by up to {max(growth.max(), 0):,.0f} MB"
    )
