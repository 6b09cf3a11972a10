"""Training loss is plotted against iterations and against seconds.

Each estimator is shown at the best learning rate of its grid.
"""

from collections.abc import Iterable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

KEYS = ["backend", "estimator", "stage", "learning_rate"]


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of two panels per framework.

    Args:
        tables: The tables `final` and `curves`.
        experiment: The experiment to show.
    """
    final = tables["final"].query("experiment == @experiment")
    best = final.loc[final["best_rate"], KEYS]
    all_curves = tables["curves"].astype({"learning_rate": float})
    curves = all_curves.query("experiment == @experiment").merge(best, on=KEYS)
    backends = final["backend"].unique()
    styles = style.line_styles(final["estimator"].unique())
    figure, panels = style.new_figure(len(backends), 2)
    for panel_row, backend in zip(panels, backends, strict=True):
        labels = _labels(best.query("backend == @backend"), styles)
        rows = curves.query("backend == @backend")
        title = style.BACKENDS[backend]
        for axes, (column, xlabel) in zip(panel_row, style.X_AXES.items(), strict=True):
            _panel(axes, rows, column, styles, labels)
            axes.set(xlabel=xlabel, ylabel="training loss", yscale="log", title=title)
            style.plain_ticks(axes.yaxis)
        panel_row[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    lanes = " or ".join(str(n) for n in sorted(final["lanes"].unique()))
    seeds = style.count_range(curves["n"])
    style.add_title(
        figure,
        f"{style.label(experiment)}: each estimator at its best rate; "
        f"inter-quartile mean of n = {seeds} seeds, {style.interval()}; "
        f"{lanes} trials vmapped together",
    )
    return figure


def _labels(best: pd.DataFrame, estimators: Iterable[str]) -> dict[str, str]:
    """Return the legend label of each estimator, which states its learning rate."""
    rates = best.set_index("estimator")["learning_rate"]
    labels = {}
    for name in estimators:
        rate = f"rate {rates[name]:g}" if name in rates else "failed at every rate"
        labels[name] = f"{style.label(name)}, {rate}"
    return labels


def _panel(
    axes: Axes,
    curves: pd.DataFrame,
    column: str,
    styles: style.LineStyles,
    labels: Mapping[str, str],
) -> None:
    for estimator, line in styles.items():
        part = curves[curves["estimator"] == estimator]
        label = labels[estimator]
        if len(part):
            style.line_with_interval(axes, part[column], part, "loss", line, label)
        else:
            axes.plot([], [], label=label, **line)
