"""Each estimator compared with backprop, both at their own best learning rates."""

from math import ceil, floor, log10

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("targets", "equal_loss")
FIGURES = {"fair": ()}
ANY = "tuned experiment"
ONE_FRAMEWORK = True
CATEGORY = "frye"
TITLE = "Comparison with backprop"
CAPTION = """
Each estimator at its own best learning rate, on fresh seeds. Left: steps to the target
relative to backprop with the same seed. Right: difference in test accuracy,
where both first reach the same training loss. A bar is the range in which the mean lies,
because a curve is recorded at some steps only. An arrow is a lower bound: not all trials
reached the target.
"""
ALT = "A row per experiment and estimator: steps to the target, and test accuracy."

KEYS = ["experiment", "estimator"]
STEPS = "steps_over_backprop"
ROW_HEIGHT = 0.17
"""Height of an estimator in inches."""


def draw(tables: style.Tables) -> Figure:
    """Draw two panels with a row per experiment and estimator, of one framework.

    An experiment is shown if it includes backprop.
    """
    backend = style.first_framework(tables["targets"])
    targets = _other_than_backprop(tables["targets"].query("backend == @backend"))
    accuracy = tables["equal_loss"].query("backend == @backend")
    rows = targets[targets[f"{STEPS}_from"].notna()].reset_index(drop=True)
    rows["height"] = _heights(rows["experiment"])
    height = 0.9 + ROW_HEIGHT * (rows["height"].max() + 1 if len(rows) else 1)
    figure, ((left, right),) = panels.new_figure(1, 2, width=7.5, height=float(height))
    _ranges(left, rows, STEPS)
    left.axvline(1, color="0.5", linewidth=0.8)
    left.set(xscale="log", xlabel="steps to the target / backprop's", xlim=_decades(targets))
    style.plain_ticks(left.xaxis)
    both = rows[[*KEYS, "height"]].merge(accuracy, on=KEYS, how="left")
    _ranges(right, both, "difference")
    right.axvline(0, color="0.5", linewidth=0.8)
    right.set_xlabel("test accuracy minus backprop's,\nat equal training loss")
    _name_rows(left, rows)
    right.set(yticks=rows["height"], yticklabels=[], ylim=left.get_ylim())
    return panels.finish(
        figure,
        targets,
        _finding(rows),
        "{backend}; each estimator at its own best rate, n = {n} fresh seeds",
        "bar: interval of the inter-quartile mean between record points; arrow: lower bound",
        backend=style.BACKENDS.get(backend, ""),
    )


def _other_than_backprop(targets: pd.DataFrame) -> pd.DataFrame:
    """Return the other estimators of the experiments that include backprop."""
    backprop = targets["estimator"] == "backprop"
    with_backprop = targets.loc[backprop, "experiment"]
    return targets[~backprop & targets["experiment"].isin(with_backprop)]


def _heights(experiments: pd.Series) -> np.ndarray:
    """Return a height per row, with a gap and room for a heading before each experiment."""
    begins = experiments != experiments.shift()
    return np.arange(len(experiments)) + 1.5 * begins.cumsum().to_numpy(float)


def _decades(targets: pd.DataFrame) -> tuple[float, float]:
    """Return axis limits at powers of ten, which enclose all ratios and the range from 1 to 10."""
    ends = targets[[f"{STEPS}{end}" for end in ("_from", "_to")]].to_numpy(float)
    finite = ends[np.isfinite(ends) & (ends > 0)]
    low, high = (finite.min(), 2 * finite.max()) if len(finite) else (1.0, 10.0)
    return 10.0 ** min(floor(log10(low)), 0), 10.0 ** max(ceil(log10(high)), 1)


def _ranges(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    """Draw the range of each mean, or an arrow from its lower bound."""
    line: style.LineStyle = {"color": "black", "linewidth": 1.6}
    for row in rows.to_dict("records"):
        y, low, high = row["height"], row[f"{column}_from"], row[f"{column}_to"]
        if np.isfinite(high):
            axes.plot([low, high], [y, y], marker="|", markersize=5, **line)
        elif np.isfinite(low):
            axes.plot([low], [y], marker=">", markersize=5, ls="", color=style.COLORS[2])


def _name_rows(axes: Axes, rows: pd.DataFrame) -> None:
    """Write the estimators on the left of the panel, and the experiments above their rows."""
    names = [style.label(name) for name in rows["estimator"]]
    axes.set_yticks(rows["height"], names, fontsize=7)
    place: style.LineStyle = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": 8}
    for experiment, part in rows.groupby("experiment", sort=False):
        axes.annotate(
            style.label(str(experiment)), (0.01, part["height"].min() - 1.1), weight="bold", **place
        )
    if len(rows):
        axes.set_ylim(rows["height"].max() + 0.8, -0.2)


def _finding(rows: pd.DataFrame) -> str:
    """Return how many estimators need more or fewer steps than backprop, or miss the target."""
    low, high = (rows[f"{STEPS}_{end}"] for end in ("from", "to"))
    more = (low > 1) & high.notna()
    ratios = f"{style.number(low[more].min())} to {style.number(high[more].max())}"
    counts = {
        f"need {ratios} times backprop's steps": more,
        "need fewer": high < 1,
        "miss the target": high.isna(),
        "are undecided": (low <= 1) & (high >= 1),
    }
    text = [f"{n} {what}" for what, which in counts.items() if (n := int(which.sum()))]
    return f"Of {len(rows)} estimators {', '.join(text)}" if text else "No comparison"
