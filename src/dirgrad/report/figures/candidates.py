"""Candidate directions compared with the gradient, along training by backprop."""

from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality",)
FIGURES = {"silver_candidates": ("quality/candidates",)}
CATEGORY = "silver"
TITLE = "Bias and variance of candidate directions"
CAPTION = """
Cosine to the gradient, squared bias and variance of each candidate direction, at several
points of training.
"""
ALT = "Three panels, a line per candidate against steps: cosine, squared bias and variance."

COLUMNS = {
    "cosine": "cosine to the gradient",
    "squared_bias": "squared bias / ||g||²",
    "variance": "variance / ||g||²",
}
RESOLUTION = 1e-6
"""Limit below which bias and variance are attributed to rounding and are not drawn."""
RESOLVED = {"squared_bias": "squared_bias_low", "variance": "variance"}
"""Value of each column that must exceed the limit."""


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of panels per problem and framework."""
    quality = measured(tables["quality"]).query("quality == @name")
    styles = style.line_styles(quality["estimator"].unique())
    subject = ["problem", "backend"]
    figure, grid = panels.facet_rows(quality, subject, len(COLUMNS), height=2.2)
    for panel_row, rows, (problem, backend) in grid:
        title = f"{style.label(problem)}, {style.BACKENDS[backend]}"
        rows = rows.sort_values("after_steps")
        for axes, (column, label) in zip(panel_row, COLUMNS.items(), strict=True):
            shown = rows[rows[RESOLVED[column]] > RESOLUTION] if column in RESOLVED else rows
            for part, line, estimator in style.parts(shown, styles):
                style.line_with_interval(axes, part["after_steps"], part, column, line, estimator)
            axes.set(xlabel="steps of training by backprop", ylabel=label, title=title)
            if column in RESOLVED:
                axes.set_yscale("log")
    return panels.finish(
        figure,
        quality,
        "mean of n = {draws} estimates on one minibatch of {batch_size}; "
        "{interval} of cosine and bias",
        f"a bias is drawn only if its interval lies above {RESOLUTION:g}",
        legend=4,
    )
