"""What a finite difference is off by, against its step: truncation to the right, rounding to the left."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: Mapping[str, pd.DataFrame], *names: str) -> Figure:
    """tables: `quality`. A row of panels per framework, a panel per problem and precision."""
    quality = tables["quality"].query("quality in @names").sort_values("eps")
    backends, kinds = list(quality["backend"].unique()), style.lines(quality["estimator"].unique())
    kept = list(
        quality[["problem", "dtype"]]
        .drop_duplicates()
        .sort_values(["dtype", "problem"])
        .itertuples(index=False)
    )
    made, panels = style.figure(len(backends), len(kept), height=2.5, width=10.5)
    for row, backend in zip(panels, backends, strict=True):
        for axes, (problem, dtype) in zip(row, kept, strict=True):
            here = quality.query("backend == @backend and problem == @problem and dtype == @dtype")
            for estimator, line in kinds.items():
                part = here[here["estimator"] == estimator]
                style.points_with_interval(
                    axes, part["eps"], part, "difference_error", line, style.label(estimator)
                )
                law = {"color": line["color"], "linestyle": line["linestyle"], "linewidth": 0.9}
                axes.plot(
                    part["eps"],
                    part["difference_error_theory"],
                    label=f"{style.label(estimator)}: theory",
                    **law,
                )
            axes.set(xscale="log", yscale="log", xlabel="step eps")
            axes.set_title(
                f"{style.BACKENDS[backend]}, {style.label(problem)},\n{dtype}", fontsize=9
            )
        row[0].set_ylabel(r"error along v, over $\Vert g\Vert$")
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"root mean square over n = {style.count_range(quality['draws'])} directions, {style.interval()}; theory: Taylor's next "
        "term and rounding, which do not know of ReLU's kinks",
        fontsize=9,
    )
    return made
