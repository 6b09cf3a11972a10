"""Resident memory of a training process over time."""

from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("timeline",)
FIGURES = {"memory_timeline": ("memory/timeline",)}
CATEGORY = "instruments"
TITLE = "Resident memory over time"
CAPTION = """
Resident set of one training run per estimator, sampled by another process. Allocations that
last less than about ten milliseconds may be missed.
"""
ALT = "A line per estimator: resident memory against seconds since the first step."

MEBIBYTE = 2**20


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw one panel per framework, with a line per estimator."""
    timeline = tables["timeline"].query("memory == @name")
    styles = style.line_styles(timeline["estimator"].unique())
    figure, grid = panels.facets(timeline, None, "backend", height=3.0)
    for axes, rows, _, backend, _ in grid:
        for part, line, estimator in style.parts(rows, styles):
            shape = {"color": line["color"], "linestyle": line["linestyle"]}
            mebibytes = part["resident_bytes"] / MEBIBYTE
            axes.plot(part["seconds"], mebibytes, label=estimator, **shape)
        axes.axvline(0, color="0.6", linewidth=0.8)
        axes.set(xlabel="time since the first step [s]", ylabel="resident set [MiB]")
        axes.set(ylim=(0, None), title=style.BACKENDS[backend])
    return panels.finish(
        figure,
        timeline,
        "{subject}: n = 1 process each, no interval; {depth} layers, batch {batch_size}; "
        "left of the gray line: imports and compilation",
        legend=5,
        subject=style.label(name),
    )
