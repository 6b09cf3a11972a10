"""Time of a whole step of each estimator, relative to a step of backprop."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("bench",)
FIGURES = {
    "cost": ("cost/baydin", "cost/large"),
    "bench": ("cost/steps", "cost/steps_large", "cost/steps_deep"),
    "bench_methods": ("cost/methods",),
}
ONE_FRAMEWORK = True
CATEGORY = "instruments"
TITLE = "Time of a step over backprop's"
CAPTION = """
Time of a whole optimizer step, divided by the time of a backprop step in the same round. Bars to
the left of 1 are cheaper steps. The orange marks are the fewest multiplications
that an estimate needs, divided by those of backprop: what the ratio would be if time were spent on
multiplications only.
"""
ALT = "A bar per estimator from 1 to its step time over backprop's, in a panel per problem."

COLUMNS = 2
"""Largest number of panels in a row."""
KEYS = ["cost", "problem", "batch_size"]
RATIO = "step_over_backprop"


def draw(tables: style.Tables, *names: str) -> Figure:
    """Draw a panel per problem and batch size, for one framework."""
    backend = style.first_framework(tables["bench"])
    bench = tables["bench"].query("backend == @backend and cost in @names").dropna(subset=[RATIO])
    others = _with_bounds(bench).query("estimator != 'backprop'")
    # The y axis points upward, so the reversed order puts the first estimator at the top.
    estimators = list(others["estimator"].unique())[::-1]
    workloads = others.groupby(KEYS, sort=False)
    columns = min(COLUMNS, max(workloads.ngroups, 1))
    rows = max(-(-workloads.ngroups // columns), 1)
    height = 0.75 + 0.19 * max(len(estimators), 1)
    figure, grid = panels.new_figure(rows, columns, width=7.5, height=[height] * rows)
    for axes, ((_, problem, batch_size), part) in zip(grid.flat, workloads, strict=False):
        _bars(axes, part.set_index("estimator").reindex(estimators))
        title = f"{style.label(str(problem))}, d = {part['dimension'].iloc[0]:,}"
        axes.set_title(f"{title}, batch {batch_size}", fontsize=8)
        labels = map(style.label, estimators) if axes in grid[:, 0] else []
        axes.set_yticks(range(len(estimators)), labels, fontsize=7)
    for axes in grid.flat[workloads.ngroups :]:
        axes.set_visible(False)
    _share_scale(list(grid.flat), others)
    return panels.finish(
        figure,
        others,
        _finding(others),
        "{backend}; inter-quartile mean of n = {n} rounds, {interval}{noise}",
        legend=2,
        backend=style.BACKENDS.get(backend, ""),
        noise=style.noise_warning(others),
    )


def _with_bounds(bench: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column `flop_bound`, relative to the bound of backprop."""
    backprop = bench[bench["estimator"] == "backprop"].set_index(KEYS)
    of_backprop = backprop["flop_bound_over_forward"].rename("of_backprop")
    joined = bench.join(of_backprop, on=KEYS)
    return joined.assign(flop_bound=joined["flop_bound_over_forward"] / joined["of_backprop"])


def _bars(axes: Axes, rows: pd.DataFrame) -> None:
    y, ratio = np.arange(len(rows)), rows[RATIO].astype(float)
    color = np.where(ratio < 1, style.COLORS[1], "0.65")
    errors = [length.clip(lower=0).fillna(0) for length in style.error_lengths(rows, RATIO)]
    axes.barh(y, ratio - 1, left=1, color=color, height=0.62, xerr=errors, label=None)
    mark: style.LineStyle = {"color": "#D55E00", "markersize": 9, "markeredgewidth": 2}
    axes.plot(rows["flop_bound"], y, "|", label="multiplications / backprop's", **mark)
    text: style.LineStyle = {"fontsize": 7, "va": "center"}
    for height, value in zip(y, ratio, strict=True):
        if np.isfinite(value):
            row = rows.iloc[height]
            end = np.nanmax([row[f"{RATIO}_high"], row["flop_bound"], value, 1.0])
            axes.text(end * 1.08, float(height), f"{value:.2g}", **text)
        else:
            axes.text(1.08, float(height), "not measured", color="0.4", **text)
    axes.axvline(1, color="black", linewidth=0.9)
    axes.set_ylim(-0.6, max(len(rows), 1) - 0.4)


def _share_scale(grid: list[Axes], rows: pd.DataFrame) -> None:
    """Give all panels one logarithmic scale, which holds every value and its label."""
    values = rows[[RATIO, f"{RATIO}_low", f"{RATIO}_high", "flop_bound"]].to_numpy(float)
    ends = [1.0, *values[np.isfinite(values)]]
    low, high = min(ends) / 1.2, max(ends) * 1.8
    for axes in grid:
        axes.set(xscale="log", xlabel="time of a step / backprop's")
        if len(rows):
            axes.set_xlim(low, high)
        style.whole_ticks(axes.xaxis)


def _finding(rows: pd.DataFrame) -> str:
    """Return how often a step is cheaper than backprop's, and by how much."""
    cheaper = rows[rows[f"{RATIO}_high"] < 1]
    verb = "is" if len(cheaper) == 1 else "are"
    text = f"{len(cheaper)} of {len(rows)} steps {verb} cheaper than backprop's"
    if cheaper.empty:
        return text
    least = cheaper.sort_values(RATIO).iloc[0]
    return (
        f"{text}, down to {least[RATIO]:.2g} of its time "
        f"({style.label(least['estimator'])}, {style.label(least['problem'])})"
    )
