"""What each law of directions is worth on each problem: its signal to noise, in units of K/d, beside its closed form."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `quality`. A row of panels per framework, a panel per problem."""
    quality = tables["quality"].query("quality == @name")
    backends, problems = list(quality["backend"].unique()), list(quality["problem"].unique())
    estimators = list(quality["estimator"].unique())[::-1]
    made, panels = style.figure(
        len(backends), len(problems), height=0.7 + 0.24 * len(estimators), width=10.5
    )
    for row, backend in zip(panels, backends, strict=True):
        for axes, problem in zip(row, problems, strict=True):
            here = (
                quality.query("backend == @backend and problem == @problem")
                .set_index("estimator")
                .reindex(estimators)
            )
            unit, place = here["num_directions"] / here["dimension"], np.arange(len(here))
            ends = [(here["snr"] - here["snr_low"]) / unit, (here["snr_high"] - here["snr"]) / unit]
            axes.errorbar(
                here["snr"] / unit,
                place,
                xerr=ends,
                color="black",
                marker="o",
                markersize=4,
                linestyle="",
                label="measured",
            )
            axes.plot(
                here["snr_theory"] / unit,
                place,
                "|",
                color="#D55E00",
                markersize=11,
                markeredgewidth=2,
                label="closed form",
            )
            axes.set_yticks(
                place, [style.label(one) for one in estimators] if axes is row[0] else []
            )
            axes.set(xlabel="signal to noise / (K/d)", ylim=(-0.6, len(here) - 0.4))
            axes.set_title(
                f"{style.BACKENDS[backend]}, {style.label(problem)},\nd = {here['dimension'].iloc[0]}",
                fontsize=9,
            )
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=2)
    made.suptitle(
        f"n = {style.count_range(quality['draws'])} estimates, {style.interval()} (worst residual "
        f"{quality['snr_z'].abs().max():.1f} standard errors of {quality['snr_z'].notna().sum()})",
        fontsize=9,
    )
    return made
