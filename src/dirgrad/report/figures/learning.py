"""Training loss on every sequence task, against the number of minibatches."""

from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("curves",)
FIGURES = {
    "silver_learning": ("training/digits_rows", "training/copy", "training/image_regression"),
    "silver_copy_lengths": ("training/copy_10", "training/copy_30", "training/copy_100"),
    "silver_windows": ("training/digits_windows",),
    "silver_influence_drive": ("training/influence_drive",),
}
CATEGORY = "silver"
TITLE = "Learning on sequence tasks"
CAPTION = """
Training loss on sequence tasks, each estimator at its own best learning rate. The figure shows how
much an informed direction (`directional_truncated`, `directional_diagonal`) gains over a random
one, and over the approximate gradient that is followed itself (`candidate_truncated`,
`candidate_diagonal`).
"""
ALT = "A panel per task with a line per estimator: training loss against minibatches."


def draw(tables: style.Tables, *tasks: str) -> Figure:
    """Draw a row of panels per framework and a column per task."""
    curves = tables["curves"].query("stage == 'final' and experiment in @tasks")
    styles = style.line_styles(curves["estimator"].unique())
    figure, grid = panels.facets(curves, "backend", "experiment", columns=tasks, height=2.6)
    for axes, rows, backend, task, first in grid:
        for part, line, name in style.parts(rows, styles):
            if len(part):
                style.line_with_interval(axes, part["step"], part, "loss", line, name)
        axes.set(xlabel="minibatches of sequences", yscale="log")
        axes.set_visible(len(rows) > 0)
        axes.set_title(f"{style.label(task)}, {style.BACKENDS[backend]}")
        if first:
            axes.set_ylabel("training loss")
    return panels.finish(
        figure,
        curves,
        "each estimator at its own best rate; inter-quartile mean of n = {n} seeds, {interval}",
        legend=4,
    )
