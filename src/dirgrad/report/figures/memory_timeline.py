"""Resident memory of a training process over time."""

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import labels, panels, style

TABLES = ("timeline",)
FIGURES = {"memory_timeline": ("memory/timeline",)}
CATEGORY = "instruments"
TITLE = "Resident memory over time"
CAPTION = """
Resident set of one training run per estimator above its level at the first step. Imports and
compilation come before; PyTorch allocates the memory of a step there. Another process samples the
resident set, and may miss allocations that last less than about ten milliseconds.
"""
ALT = "A line per estimator: resident memory above its first level, against seconds."


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw one panel per framework, with a line per estimator."""
    timeline = _above_first_step(tables["timeline"].query("memory == @name"))
    styles = style.line_styles(timeline["estimator"].unique())
    figure, grid = panels.facets(timeline, None, "backend", width=8.0, height=2.6)
    for axes, rows, _, backend, _ in grid:
        for estimator, line in styles.items():
            part = rows[rows["estimator"] == estimator]
            shape = {"color": line["color"], "linestyle": line["linestyle"]}
            label = style.short_label(estimator)
            axes.plot(part["seconds"], part["megabytes"], label=label, **shape)
        axes.axhline(0, color="0.6", linewidth=0.8)
        axes.set(xlabel="time since the first step [s]", title=style.BACKENDS[backend])
        axes.set_ylabel("resident set above its level\nat the first step [MB]")
        labels.name_lines(axes)
    return panels.finish(
        figure,
        timeline,
        _finding(timeline),
        "{subject}: n = 1 process each, no interval; {depth} layers, batch {batch_size}",
        subject=style.label(name),
    )


def _above_first_step(timeline: pd.DataFrame) -> pd.DataFrame:
    """Return the samples from the first step on, with the column `megabytes`."""
    keys = ["backend", "estimator"]
    before = timeline[timeline["seconds"] <= 0].sort_values("seconds")
    level = before.groupby(keys)["resident_bytes"].last().rename("level")
    rows = timeline[timeline["seconds"] >= 0].join(level, on=keys)
    return rows.assign(megabytes=(rows["resident_bytes"] - rows["level"]) / style.MEGABYTE)


def _finding(timeline: pd.DataFrame) -> str:
    """Return the least and the largest growth of the resident set in each framework."""
    growth = timeline.groupby(["backend", "estimator"])["megabytes"].max().dropna()
    texts = [
        f"{low:.2g} to {high:.2g} MB in {style.BACKENDS[str(backend)]}"
        for backend, low, high in growth.groupby("backend").agg(["min", "max"]).itertuples()
    ]
    if not texts:
        return "Resident memory over time"
    return f"After the first step the resident set grows by {' and by '.join(texts)}"
