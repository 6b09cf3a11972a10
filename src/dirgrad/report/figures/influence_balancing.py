"""Losses of truncated BPTT and of directional descent along it, on influence balancing."""

from typing import Any

from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("curves",)
FIGURES = {
    "silver_influence": ("training/influence_balancing",),
    "silver_influence_chains": ("training/influence_chains",),
}
CATEGORY = "silver"
TITLE = "Influence balancing"
CAPTION = """
Loss on influence balancing. Truncated BPTT with a short window raises the loss, but directional
descent along the same truncated gradient does not. The published problem has one parameter. There
the projection onto any direction is the exact gradient, which is an identity. With 46 chains of
one parameter each (`influence_chains`) it is not: descent along a short window soon stops.
"""
ALT = (
    "Loss by sequences, a line per window: some rise for truncated BPTT, none for descent along it."
)

PANEL_TITLES = {
    "truncated_bptt": "truncated BPTT",
    "directional_truncated": "directional descent along it",
}
"""Title of each column of panels, by the prefix of the estimators that it shows."""

SAMPLED = "all at one rate; inter-quartile mean of n = {n} seeds, {interval}"
"""Title of a figure of random trials."""


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of two panels per framework."""
    curves = tables["curves"].query("experiment == @experiment")
    windows = map(str, _windows(curves["estimator"].unique()))
    styles = style.line_styles(["backprop", *windows])
    figure, grid = panels.facet_rows(curves, "backend", len(PANEL_TITLES), height=2.6)
    for panel_row, rows, backend in grid:
        for axes, (side, title) in zip(panel_row, PANEL_TITLES.items(), strict=True):
            for name, line in styles.items():
                is_backprop = name == "backprop"
                estimator = name if is_backprop else f"{side}_{name}"
                label = "backprop" if is_backprop else f"window of {name}"
                part = rows[rows["estimator"] == estimator]
                style.line_with_interval(axes, part["step"], part, "loss", line, label)
            axes.set(xlabel="sequences", yscale="log")
            axes.set_title(f"{title}, {style.BACKENDS[backend]}")
        panel_row[0].set_ylabel("loss per sequence")
        panel_row[1].sharey(panel_row[0])
    is_random = (curves["n"] > 1).any()
    how = (
        SAMPLED if is_random else "one trial each (n = {n}), no interval because nothing is random"
    )
    title = "{subject}: " + how
    return panels.finish(figure, curves, title, legend=4, subject=style.label(experiment))


def _windows(estimators: Any) -> list[int]:
    pairs = (name.rpartition("_") for name in estimators)
    return sorted({int(window) for side, _, window in pairs if side in PANEL_TITLES})
