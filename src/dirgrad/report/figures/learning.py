"""Training loss on every sequence task, against the number of minibatches."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import labels, panels, scales, style

TABLES = ("curves",)
FIGURES = {
    "silver_learning": (
        "training/digits_rows",
        "training/digits_pixels",
        "training/copy",
        "training/image_regression",
    ),
    "silver_copy_lengths": ("training/copy_10", "training/copy_30", "training/copy_100"),
    "silver_windows": ("training/digits_windows",),
    "silver_influence_drive": ("training/influence_drive",),
}
ONE_FRAMEWORK = True
CATEGORY = "silver"
TITLE = "Learning on sequence tasks"
CAPTION = """
Training loss on sequence tasks, each estimator at its own best learning rate. The figure shows how
much an informed direction (`directional_truncated`, `directional_diagonal`) gains over a random
one, and over the approximate gradient that is followed itself (`candidate_truncated`,
`candidate_diagonal`). The gray line in the panels of the other groups is backprop.
"""
ALT = "A panel per task and group of estimators: training loss against minibatches."

GROUPS = {
    "approximate gradients": ("truncated_bptt", "candidate_", "uoro"),
    "random directions": ("directional_random", "directional_windows"),
    "informed directions": ("directional_",),
}
"""Beginnings of the names of the estimators in each row of panels; the first match counts."""

WIDTHS = {1: 5.0, 2: 6.5, 3: 8.5, 4: 10.0}
"""Width of the figure in inches by the number of tasks."""

DECADES = 1000
"""Largest ratio of losses on an axis with ticks at 1, 2 and 5."""


def draw(tables: style.Tables, *tasks: str) -> Figure:
    """Draw a row of panels per group of estimators and a column per task, of one framework."""
    backend = style.first_framework(tables["curves"])
    selection = "stage == 'final' and experiment in @tasks and backend == @backend"
    curves = tables["curves"].query(selection)
    groups = _by_group([*curves["estimator"].unique()])
    rows, width = max(len(groups), 1), WIDTHS[min(len(tasks), 4)]
    figure, grid = panels.new_figure(rows, len(tasks), width=width, height=[1.8] * rows)
    for panel_row, (group, estimators) in zip(grid, groups.items(), strict=False):
        styles = style.line_styles(["backprop", *estimators])
        for axes, task in zip(panel_row, tasks, strict=True):
            rows_of_task = curves.query("experiment == @task")
            axes.set_title(style.label(task), fontsize=8)
            axes.set_visible(rows_of_task["estimator"].isin(estimators).any())
            _lines(axes, rows_of_task, styles)
        panel_row[0].set_ylabel(f"{group}\ntraining loss", fontsize=8)
    for axes in figure.axes:
        axes.set_xlabel("minibatches of sequences", fontsize=8)
    return panels.finish(
        figure,
        curves,
        _finding(curves),
        "{backend}; each estimator at its own best rate; inter-quartile mean of n = {n} seeds, "
        "{interval}",
        backend=style.BACKENDS.get(backend, ""),
    )


def _by_group(estimators: list[str]) -> dict[str, list[str]]:
    """Return the estimators other than backprop by group; a group without any is left out."""
    groups: dict[str, list[str]] = {}
    for name in estimators:
        for group, beginnings in GROUPS.items():
            if name.startswith(beginnings):
                groups.setdefault(group, []).append(name)
                break
        else:
            if name != "backprop":
                groups.setdefault("others", []).append(name)
    return {group: groups[group] for group in (*GROUPS, "others") if group in groups}


def _lines(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for name, line in styles.items():
        part = rows[rows["estimator"] == name]
        if len(part):
            label = style.short_label(name.removeprefix("directional_"))
            shape = line | ({"color": "0.6", "linestyle": "-"} if name == "backprop" else {})
            style.line_with_interval(axes, part["step"], part, "loss", shape, label)
    scales.loss_scale(axes, rows["loss"])
    is_short = len(rows) > 0 and 0 < rows["loss"].max() < DECADES * rows["loss"].min()
    if is_short:
        style.whole_ticks(axes.yaxis)
    labels.name_lines(axes, 6.5)


def _finding(curves: pd.DataFrame) -> str:
    """Return the best estimator other than backprop on each task, by its last mean loss."""
    texts = []
    for task, rows in curves.groupby("experiment", sort=False):
        last = rows.sort_values("step").groupby("estimator")["loss"].last()
        others = last.drop("backprop", errors="ignore")
        if len(others) and "backprop" in last:
            ratio = others.min() / last["backprop"]
            name = style.label(str(others.idxmin()))
            texts.append(f"{style.label(str(task))}: {name}, {ratio:.2g}")
    return f"Least final loss over backprop's: {'; '.join(texts)}" if texts else "Training loss"
