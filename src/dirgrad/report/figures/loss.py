"""Loss against iteration and against seconds, one row of panels per framework, each estimator at the best rate of its grid."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: Mapping[str, pd.DataFrame], experiment: str) -> Figure:
    """tables: `final` and `curves`."""
    final = tables["final"].query("experiment == @experiment")
    best = final.loc[final["best_rate"], ["backend", "estimator", "stage", "learning_rate"]]
    curves = (
        tables["curves"]
        .astype({"learning_rate": float})
        .query("experiment == @experiment")
        .merge(best, on=["backend", "estimator", "stage", "learning_rate"])
    )
    backends, kinds = list(final["backend"].unique()), style.lines(final["estimator"].unique())
    made, panels = style.figure(len(backends), 2)
    for row, backend in zip(panels, backends, strict=True):
        names = _labels(best.query("backend == @backend"), kinds)
        for axes, (column, label) in zip(row, style.ABSCISSAE.items(), strict=True):
            _panel(axes, curves.query("backend == @backend"), column, kinds, names)
            axes.set(
                xlabel=label, ylabel="training loss", yscale="log", title=style.BACKENDS[backend]
            )
            style.plain_ticks(axes.yaxis)
        row[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    lanes = " or ".join(str(n) for n in sorted(final["lanes"].unique()))
    made.suptitle(
        f"{style.label(experiment)}: each estimator at its best rate; inter-quartile mean of n = {style.count_range(curves['n'])} seeds, "
        f"{style.interval()}; {lanes} trials advancing together",
        fontsize=9,
    )
    return made


def _labels(best: pd.DataFrame, kinds: Iterable[str]) -> dict[str, str]:
    """What the legend says: the estimator and the rate at which it is shown."""
    rates = best.set_index("estimator")["learning_rate"]
    return {
        name: f"{style.label(name)}, {f'rate {rates[name]:g}' if name in rates else 'failed at every rate'}"
        for name in kinds
    }


def _panel(
    axes: Axes,
    curves: pd.DataFrame,
    column: str,
    kinds: Mapping[str, dict[str, Any]],
    names: Mapping[str, str],
) -> None:
    for estimator, line in kinds.items():
        part = curves[curves["estimator"] == estimator]
        if len(part):
            style.line_with_interval(axes, part[column], part, "loss", line, names[estimator])
        else:
            axes.plot([], [], label=names[estimator], **line)
