"""Influence balancing: a truncated gradient goes the wrong way, and descent along the same one the right way."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import style

SIDES = {
    "truncated_bptt": "truncated BPTT",
    "directional_truncated": "directional descent along it",
}


def draw(tables: Mapping[str, pd.DataFrame], experiment: str) -> Figure:
    """tables: `curves`. A row of panels per framework."""
    curves = tables["curves"].query("experiment == @experiment")
    backends = list(curves["backend"].unique())
    windows = sorted(
        {
            int(name.rpartition("_")[2])
            for name in curves["estimator"]
            if name.rpartition("_")[0] in SIDES
        }
    )
    kinds = style.lines(["backprop", *map(str, windows)])
    made, panels = style.figure(len(backends), len(SIDES), height=2.6)
    for row, backend in zip(panels, backends, strict=True):
        for axes, (side, title) in zip(row, SIDES.items(), strict=True):
            here = curves.query("backend == @backend")
            for kind, line in kinds.items():
                part = here[here["estimator"] == (kind if kind == "backprop" else f"{side}_{kind}")]
                label = "backprop" if kind == "backprop" else f"window of {kind}"
                axes.plot(
                    part["step"],
                    part["loss"],
                    label=label,
                    markevery=max(len(part) // 6, 1),
                    markersize=3.5,
                    **line,
                )
            axes.set(xlabel="sequences", yscale="log", title=f"{title}, {style.BACKENDS[backend]}")
        row[0].set_ylabel("loss of a sequence")
        row[1].sharey(row[0])
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"{style.label(experiment)}: one trial each (n = {style.count_range(curves['n'])}), no interval, since nothing in it is random",
        fontsize=9,
    )
    return made
