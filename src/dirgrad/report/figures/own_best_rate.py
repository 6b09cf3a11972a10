"""Each estimator at its own best rate: its steps to the target over backprop's, its test accuracy at equal loss."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

BAND = 0.7


def draw(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """tables: `targets` and `equal_loss`. A row of panels per framework, with the experiments that have backprop beside them."""
    targets, equal = tables["targets"], tables["equal_loss"]
    backprop = targets["estimator"] == "backprop"
    targets = targets[~backprop & targets["experiment"].isin(targets.loc[backprop, "experiment"])]
    experiments = list(targets["experiment"].unique())
    equal = equal[equal["experiment"].isin(experiments)]
    backends, kinds = (
        list(targets["backend"].unique()),
        style.lines(["backprop", *targets["estimator"].unique()]),
    )
    made, panels = style.figure(max(len(backends), 1), 2, height=0.45 * len(experiments) + 1.0)
    for (left, right), backend in zip(panels, backends, strict=False):
        _dots(left, targets.query("backend == @backend"), experiments, "steps_over_backprop", kinds)
        left.set(
            xscale="log", xlabel="steps to the target / backprop's", title=style.BACKENDS[backend]
        )
        left.set_xlim(*_decades(targets["steps_over_backprop"].dropna()))
        style.plain_ticks(left.xaxis)
        _unreached(left, targets.query("backend == @backend"), experiments, kinds)
        _dots(right, equal.query("backend == @backend"), experiments, "difference", kinds)
        right.axvline(0, color="0.5", linewidth=0.8)
        right.set(
            xlabel="test accuracy less backprop's, at equal training loss",
            title=style.BACKENDS[backend],
        )
    handles, labels = panels[0][1].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower center", ncols=3)
    made.suptitle(
        f"each estimator at its own best rate; inter-quartile mean of n = {style.count_range(targets['n'])} fresh seeds, "
        f"{style.interval()}",
        fontsize=9,
    )
    return made


def _decades(ratios: pd.Series) -> tuple[float, float]:
    """From 1, or the power of ten below the least, to the power of ten above twice the greatest."""
    low, high = (ratios.min(), 2 * ratios.max()) if len(ratios) else (1.0, 10.0)
    return 10.0 ** min(floor(log10(low)), 0), 10.0 ** max(ceil(log10(high)), 1)


def _place(
    experiments: Sequence[str], kinds: Mapping[str, Any], experiment: str, estimator: str
) -> float:
    return (
        experiments.index(experiment)
        + ((list(kinds).index(estimator) + 0.5) / len(kinds) - 0.5) * BAND
    )


def _dots(
    axes: Axes,
    rows: pd.DataFrame,
    experiments: Sequence[str],
    column: str,
    kinds: Mapping[str, dict[str, Any]],
) -> None:
    for estimator, line in kinds.items():
        part = (
            rows[(rows["estimator"] == estimator) & rows[column].notna()]
            if column in rows
            else rows[:0]
        )
        if len(part):
            errors = [part[column] - part[f"{column}_low"], part[f"{column}_high"] - part[column]]
            y = [_place(experiments, kinds, one, estimator) for one in part["experiment"]]
            shape: dict[str, Any] = {"markersize": 5, "elinewidth": 1} | style.mark(line)
            axes.errorbar(
                part[column],
                y,
                xerr=[e.clip(lower=0).fillna(0) for e in errors],
                label=style.label(estimator),
                **shape,
            )
    axes.set(
        yticks=range(len(experiments)),
        yticklabels=map(style.label, experiments),
        ylim=(len(experiments) - 0.5, -0.5),
    )


def _unreached(
    axes: Axes, rows: pd.DataFrame, experiments: Sequence[str], kinds: Mapping[str, Any]
) -> None:
    """What did not come to its target, in words: it has no ratio."""
    for _, row in rows[rows["n_reached"] < rows["n"]].iterrows():
        y = _place(experiments, kinds, row["experiment"], row["estimator"])
        text = f"{style.label(row['estimator'])}: reached by {row['n_reached']} of {row['n']}"
        axes.annotate(
            text, (0.98, y), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=7
        )
