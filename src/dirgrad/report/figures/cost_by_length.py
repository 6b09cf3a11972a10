"""Memory and time of a step against the length of the sequences."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import style

KIBIBYTE = 2**10
BYTES = {
    "jax": ("xla_temp_bytes", "temporary memory\nof a step [KiB]"),
    "torch": ("saved_bytes", "saved for backward\nin a step [KiB]"),
}
"""Whose account is taken, and what it is of."""


def draw(tables: Mapping[str, pd.DataFrame], *names: str) -> Figure:
    """tables: `cost`. A row of panels per framework."""
    cost = tables["cost"].query("cost in @names").sort_values("length")
    backends, kinds = list(cost["backend"].unique()), style.lines(cost["estimator"].unique())
    made, panels = style.figure(len(backends), 2, height=2.8)
    for (left, right), backend in zip(panels, backends, strict=True):
        here, (account, said) = cost.query("backend == @backend"), BYTES[backend]
        alone = here.drop_duplicates("length")
        left.plot(
            alone["length"],
            alone["observation_bytes"] / KIBIBYTE,
            color="0.6",
            linewidth=3,
            label="the sequences themselves",
        )
        for estimator, line in kinds.items():
            part = here[here["estimator"] == estimator]
            left.plot(
                part["length"],
                part[f"step_{account}"] / KIBIBYTE,
                label=style.label(estimator),
                markersize=3.5,
                **line,
            )
            style.line_with_interval(
                right, part["length"], part, "step_over_forward", line, style.label(estimator)
            )
        left.set(ylabel=said, yscale="symlog", ylim=(0, None))
        right.set(ylabel="time of a step\n/ of the function alone", ylim=(0, None))
        style.plain_ticks(left.yaxis)
        for axes in (left, right):
            axes.set(
                xlabel="steps of a sequence T",
                xscale="log",
                title=style.BACKENDS[backend],
                xticks=alone["length"],
            )
            style.plain_ticks(axes.xaxis)
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"bytes are exact; time: inter-quartile mean of n = {style.count_range(cost['n'])} rounds, {style.interval()}; "
        f"batch {style.count_range(cost['batch_size'])}",
        fontsize=9,
    )
    return made
