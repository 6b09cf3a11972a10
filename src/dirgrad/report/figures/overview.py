"""Final training loss and step time of every experiment."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("final",)
FIGURES = {"overview": ()}
CATEGORY = "experiments"
TITLE = "All experiments"
CAPTION = """
Left: final training loss of each estimator. Right: time of an optimizer step relative to
backprop on the same problem in the same framework. The jobs ran one after another and were
not interleaved, so ratios near 1 should not be ranked.
"""
ALT = "A row per experiment, a point per estimator: final training loss, and step time."

ROW_HEIGHT = 0.3
"""Height of an experiment in inches."""
MARGIN = 0.7
"""Height in inches of the title and the labels of a panel."""


def draw(tables: style.Tables) -> Figure:
    """Draw a row of two panels per framework, with the experiments that the framework ran."""
    final = tables["final"]
    best = final.query("best_rate")
    styles = style.line_styles(final["estimator"].unique())
    counts = final.groupby("backend", sort=False)["experiment"].nunique()
    heights = [ROW_HEIGHT * count + MARGIN for count in counts] or [MARGIN]
    figure, grid = panels.facet_rows(final, "backend", 2, height=heights)
    for (left, right), rows_of_backend, backend in grid:
        names = list(rows_of_backend["experiment"].unique())
        rows = best.query("backend == @backend")
        _dots(left, rows, names, styles, "final_loss")
        left.set(xlabel="final training loss", title=style.BACKENDS[backend])
        _dots(right, _over_backprop(rows), names, styles, "step_ratio")
        right.set(xlabel="step time / backprop step time", title=style.BACKENDS[backend])
        right.axvline(1.0, color="0.5", linewidth=0.8)
        style.plain_ticks(right.xaxis)
    title = "each estimator at the best rate of the grid; inter-quartile mean of n = {n_ok} seeds"
    columns = min(len(styles), 4)
    return panels.finish(figure, best, title + ", {interval}", legend=columns, fontsize=8)


def _over_backprop(final: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the columns `step_ratio`, relative to backprop's step time."""
    backprop = final[final["estimator_kind"] == "backprop"].set_index("experiment")
    seconds = final["experiment"].map(backprop["step_seconds"]).astype(float)
    ratios = {
        f"step_ratio{end}": final[f"step_seconds{end}"] / seconds for end in ("", "_low", "_high")
    }
    return final.assign(**ratios)


def _dots(
    axes: Axes, final: pd.DataFrame, experiments: list[str], styles: style.LineStyles, column: str
) -> None:
    rows = style.with_heights(final[final[column].notna()], experiments)
    for part, line, name in style.parts(rows, styles):
        style.points_across(axes, part, column, part["height"], line, name, size=3.5)
    style.name_heights(axes, experiments)
    if len(final):
        axes.set_xscale("log")
