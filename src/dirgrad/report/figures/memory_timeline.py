"""The resident set of a training over time, sampled from outside its process."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import style

MEBIBYTE = 2**20


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `timeline`. A panel per framework, a line per estimator."""
    timeline = tables["timeline"].query("memory == @name")
    backends, kinds = (
        list(timeline["backend"].unique()),
        style.lines(timeline["estimator"].unique()),
    )
    made, panels = style.figure(1, len(backends), height=3.0)
    for axes, backend in zip(panels[0], backends, strict=True):
        here = timeline.query("backend == @backend")
        for estimator, line in kinds.items():
            part = here[here["estimator"] == estimator]
            shape = {"color": line["color"], "linestyle": line["linestyle"]}
            axes.plot(
                part["seconds"],
                part["resident_bytes"] / MEBIBYTE,
                label=style.label(estimator),
                **shape,
            )
        axes.axvline(0, color="0.6", linewidth=0.8)
        axes.set(
            xlabel="time since the first step [s]",
            ylabel="resident set [MiB]",
            ylim=(0, None),
            title=style.BACKENDS[backend],
        )
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=5)
    layers, sizes = (style.count_range(timeline[column]) for column in ("depth", "batch_size"))
    made.suptitle(
        f"{style.label(name)}: n = 1 process each, no interval; {layers} layers, batch {sizes}; left of the grey line imports and "
        "compilation",
        fontsize=9,
    )
    return made
