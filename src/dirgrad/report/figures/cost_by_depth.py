"""The time of a step over the function alone, against the number of layers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `cost`. A panel per framework."""
    cost = tables["cost"].query("cost == @name").sort_values("depth")
    backends, kinds = list(cost["backend"].unique()), style.lines(cost["estimator"].unique())
    made, panels = style.figure(1, len(backends), height=3.0)
    for axes, backend in zip(panels[0], backends, strict=True):
        here = cost.query("backend == @backend")
        for estimator, line in kinds.items():
            part = here[here["estimator"] == estimator]
            style.line_with_interval(
                axes, part["depth"], part, "step_over_forward", line, style.label(estimator)
            )
            floor: dict[str, Any] = {"color": line["color"], "linewidth": 3, "alpha": 0.25}
            axes.plot(
                part["depth"],
                part["flop_bound_over_forward"],
                label=f"{style.label(estimator)}: floor",
                **floor,
            )
        noise = here.drop_duplicates("depth")
        axes.fill_between(
            noise["depth"],
            noise["timing_noise_low"],
            noise["timing_noise_high"],
            color="0.8",
            label=style.NOISE_LABEL,
        )
        axes.set(
            xlabel="layers of weights", xscale="log", ylim=(0, None), title=style.BACKENDS[backend]
        )
        axes.set_ylabel("time of a step / of the function alone")
        axes.set_xticks(noise["depth"])
        style.plain_ticks(axes.xaxis)
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=3)
    made.suptitle(
        f"{style.label(name)}: inter-quartile mean of n = {style.count_range(cost['n'])} rounds, {style.interval()}; "
        f"batch {style.count_range(cost['batch_size'])}{style.noisy(cost)}",
        fontsize=9,
    )
    return made
