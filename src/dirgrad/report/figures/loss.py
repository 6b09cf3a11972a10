"""Training loss against iterations and against seconds."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, scales, style

TABLES = ("final", "curves")
EACH = "experiment"
CATEGORY = "experiments"
TITLE = "Training"
CAPTION = """
Training loss against iterations and against seconds of training per trial. The seconds
exclude compilation and evaluation. The wall time of trials that are vmapped together is
divided equally among them. Each estimator is shown at the best rate of the shared grid.
"""
ALT = "A line per estimator: training loss, against iterations and against seconds."

KEYS = ["backend", "estimator", "stage", "learning_rate"]


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of two panels per framework."""
    final = tables["final"].query("experiment == @experiment")
    best = final.loc[final["best_rate"], KEYS]
    all_curves = tables["curves"].query("experiment == @experiment")
    curves = all_curves.astype({"learning_rate": float}).merge(best, on=KEYS)
    styles = style.line_styles(final["estimator"].unique())
    figure, grid = panels.facet_rows(final, "backend", 2)
    for panel_row, _, backend in grid:
        labels = _labels(best.query("backend == @backend"), styles)
        rows = curves.query("backend == @backend")
        for axes, (column, xlabel) in zip(panel_row, style.X_AXES.items(), strict=True):
            for part, line, name in style.parts(rows, styles):
                if len(part):
                    style.line_with_interval(axes, part[column], part, "loss", line, labels[name])
                else:
                    axes.plot([], [], label=labels[name], **line)
            axes.set(xlabel=xlabel, ylabel="training loss")
            axes.set_title(style.BACKENDS[backend])
            scales.loss_scale(axes, rows["loss"])
        panel_row[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return panels.finish(
        figure,
        curves,
        "{subject}: each estimator at its best rate; inter-quartile mean of n = {n} seeds, "
        "{interval}; {lanes} trials vmapped together",
        subject=style.label(experiment),
        lanes=" or ".join(str(n) for n in sorted(final["lanes"].unique())),
    )


def _labels(best: pd.DataFrame, estimators: Iterable[str]) -> dict[str, str]:
    """Return the legend label of each estimator, which states its learning rate."""
    rates = best.set_index("estimator")["learning_rate"]
    labels = {}
    for name in estimators:
        rate = f"rate {rates[name]:g}" if name in rates else "failed at every rate"
        labels[style.label(name)] = f"{style.label(name)}, {rate}"
    return labels
