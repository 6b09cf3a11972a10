"""Largest stable learning rates of the estimators are plotted against the number of parameters."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a column of panels per framework and a row per kind of problem.

    Args:
        tables: The table `stability`.
        name: The stability measurement to show.
    """
    stability = tables["stability"].query("stability == @name").sort_values("dimension")
    backends = stability["backend"].unique()
    kinds = stability["problem_kind"].unique()
    styles = style.line_styles(stability["estimator"].unique())
    figure, panels = style.new_figure(len(kinds), len(backends))
    for panel_row, kind in zip(panels, kinds, strict=True):
        for axes, backend in zip(panel_row, backends, strict=True):
            rows = stability.query("problem_kind == @kind and backend == @backend")
            for estimator, line in styles.items():
                part = rows[rows["estimator"] == estimator]
                _threshold(axes, part, style.label(estimator), line)
            title = f"{style.label(kind)}, {style.BACKENDS[backend]}"
            axes.set(title=title, xlabel="parameters d", ylabel="learning rate")
            axes.set(xscale="log", yscale="log")
    panels[0][0].legend(fontsize=7)
    trials = style.count_range(stability["n_seeds"])
    steps = style.count_range(stability["steps"])
    style.add_title(
        figure,
        f"largest rate of the grid at which n = {trials} of {trials} trials of {steps} steps "
        "were stable",
        "bar: interval to the next rate of the grid, which was unstable; line: closed form",
    )
    return figure


def _threshold(
    axes: Axes,
    rows: pd.DataFrame,
    name: str,
    line: style.LineStyle,
) -> None:
    stable = rows[rows["stable_rate"].notna()]
    above = (stable["unstable_rate"] - stable["stable_rate"]).fillna(0)
    axes.errorbar(
        stable["dimension"],
        stable["stable_rate"],
        yerr=[0 * above, above],
        label=name,
        markersize=4,
        capsize=2,
        **style.marker_style(line),
    )
    if rows["stable_rate_theory"].notna().any():
        axes.plot(
            rows["dimension"],
            rows["stable_rate_theory"],
            color=line["color"],
            linestyle=line["linestyle"],
            linewidth=0.9,
        )
