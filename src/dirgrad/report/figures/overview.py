"""Where every estimator ends on every experiment, and what a step of it costs beside backprop's."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

BAND = 0.7
"""The part of the space between two experiments over which their estimators are spread."""
ROW, FRAME = 0.3, 0.7
"""Inches: of an experiment, and of what stands around a panel."""


def draw(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """tables: `final`. A framework shows the experiments that it ran."""
    final = tables["final"]
    best = final.query("best_rate")
    kinds = style.lines(final["estimator"].unique())
    ran = {
        name: list(final[final["backend"] == name]["experiment"].unique())
        for name in final["backend"].unique()
    }
    made, panels = style.figure(
        len(ran), 2, height=[ROW * len(experiments) + FRAME for experiments in ran.values()]
    )
    for row, (backend, experiments) in zip(panels, ran.items(), strict=True):
        here = best.query("backend == @backend")
        _dots(row[0], here, experiments, kinds, "final_loss")
        row[0].set(xlabel="final training loss", title=style.BACKENDS[backend])
        _dots(row[1], _over_backprop(here), experiments, kinds, "step_ratio")
        row[1].set(xlabel="time of a step / backprop's", title=style.BACKENDS[backend])
        row[1].axvline(1.0, color="0.5", linewidth=0.8)
        style.plain_ticks(row[1].xaxis)
    made.legend(
        *style.shared_legend(panels),
        loc="outside lower center",
        ncols=min(len(kinds), 4),
        fontsize=8,
    )
    made.suptitle(
        f"each estimator at the best rate of the grid; inter-quartile mean of n = {style.count_range(best['n_ok'])} seeds, "
        f"{style.interval()}",
        fontsize=9,
    )
    return made


def _over_backprop(final: pd.DataFrame) -> pd.DataFrame:
    base = final[final["estimator_kind"] == "backprop"].set_index("experiment")["step_seconds"]
    below = final["experiment"].map(base).astype(float)
    return final.assign(
        **{f"step_ratio{end}": final[f"step_seconds{end}"] / below for end in ("", "_low", "_high")}
    )


def _dots(
    axes: Axes,
    final: pd.DataFrame,
    experiments: list[str],
    kinds: Mapping[str, dict[str, Any]],
    column: str,
) -> None:
    known = final[final[column].notna()]
    among = known.groupby("experiment")["estimator"].cumcount() + 0.5
    spread = (among / known.groupby("experiment")["estimator"].transform("size") - 0.5) * BAND
    placed = known.assign(y=known["experiment"].map(experiments.index).astype(float) + spread)
    for estimator, line in kinds.items():
        part = placed[placed["estimator"] == estimator]
        ends = (part[column] - part[f"{column}_low"], part[f"{column}_high"] - part[column])
        errors = [end.clip(lower=0).fillna(0) for end in ends]
        shape: dict[str, Any] = {"markersize": 3.5, "elinewidth": 1} | style.mark(line)
        axes.errorbar(part[column], part["y"], xerr=errors, label=style.label(estimator), **shape)
    axes.set(
        yticks=range(len(experiments)),
        yticklabels=map(style.label, experiments),
        ylim=(len(experiments) - 0.5, -0.5),
    )
    if len(final):
        axes.set_xscale("log")
