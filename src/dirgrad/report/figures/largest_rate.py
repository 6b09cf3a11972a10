"""The largest learning rate that an estimator bears, against the number of parameters."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `stability`. A column of panels per framework, a row per kind of problem."""
    rows = tables["stability"].query("stability == @name").sort_values("dimension")
    backends, kinds = list(rows["backend"].unique()), list(rows["problem_kind"].unique())
    lines = style.lines(rows["estimator"].unique())
    made, panels = style.figure(len(kinds), len(backends))
    for row, kind in zip(panels, kinds, strict=True):
        for axes, backend in zip(row, backends, strict=True):
            here = rows.query("problem_kind == @kind and backend == @backend")
            for estimator, line in lines.items():
                _threshold(axes, here[here["estimator"] == estimator], style.label(estimator), line)
            axes.set(
                title=f"{style.label(kind)}, {style.BACKENDS[backend]}",
                xlabel="parameters d",
                ylabel="learning rate",
            )
            axes.set(xscale="log", yscale="log")
    panels[0][0].legend(fontsize=7)
    made.suptitle(
        f"largest rate of a grid that n = {style.count_range(rows['n_seeds'])} of {style.count_range(rows['n_seeds'])} trials of "
        f"{style.count_range(rows['steps'])} steps bear; bar: the interval to the next rate, which they do not; line: closed form",
        fontsize=9,
    )
    return made


def _threshold(axes: Axes, rows: pd.DataFrame, name: str, line: dict[str, Any]) -> None:
    found = rows[rows["stable_rate"].notna()]
    above = (found["unstable_rate"] - found["stable_rate"]).fillna(0)
    marks: dict[str, Any] = {"markersize": 4, "capsize": 2} | style.mark(line)
    axes.errorbar(
        found["dimension"], found["stable_rate"], yerr=[0 * above, above], label=name, **marks
    )
    if rows["stable_rate_theory"].notna().any():
        axes.plot(
            rows["dimension"],
            rows["stable_rate_theory"],
            color=line["color"],
            linestyle=line["linestyle"],
            linewidth=0.9,
        )
