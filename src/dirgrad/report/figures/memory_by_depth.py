"""The memory of a step against the number of layers, with the laws that activations would follow."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

MEBIBYTE = 2**20
EXACT = {"jax": ("xla_temp_bytes", "XLA temporary"), "torch": ("saved_bytes", "saved for backward")}
"""What each framework tells exactly."""


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `memory`. A row of panels per framework: exact bytes, and the peak of the resident set."""
    memory = tables["memory"].query("memory == @name").sort_values("depth")
    memory = memory.assign(
        **{
            f"{column}{end}": memory[column]
            for column, _ in EXACT.values()
            for end in ("_low", "_high")
        }
    )
    backends, kinds = list(memory["backend"].unique()), style.lines(memory["estimator"].unique())
    made, panels = style.figure(len(backends), 2, height=2.7)
    for row, backend in zip(panels, backends, strict=True):
        here = memory.query("backend == @backend")
        column, account = EXACT[backend]
        for axes, shown, text in zip(
            row, (column, "resident_peak_bytes"), (account, "peak of the resident set"), strict=True
        ):
            for estimator, line in kinds.items():
                part = here[here["estimator"] == estimator]
                scaled = part[[shown, f"{shown}_low", f"{shown}_high"]] / MEBIBYTE
                style.line_with_interval(
                    axes, part["depth"], scaled, shown, line, style.label(estimator)
                )
            _laws(axes, here, shown)
            axes.set(
                xlabel="layers of weights",
                ylabel=f"{text} [MiB]",
                xscale="log",
                title=style.BACKENDS[backend],
            )
            axes.set_yscale("symlog", linthresh=0.1)
            axes.set_ylim(0, None)
            axes.set_xticks(here["depth"].unique())
            for axis in (axes.xaxis, axes.yaxis):
                style.plain_ticks(axis)
    made.legend(*style.shared_legend(panels), loc="outside lower center", ncols=4)
    made.suptitle(
        f"{style.label(name)}: exact bytes (left); inter-quartile mean of n = {style.count_range(memory['n'])} processes, "
        f"{style.interval()} where n > 1 (right); batch {style.count_range(memory['batch_size'])}",
        fontsize=9,
    )
    return made


def _laws(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    """Growth in proportion to the layers, to where backprop ends, and none, at what inference takes in the end."""
    depths = rows["depth"].drop_duplicates()
    backprop, inference = (
        rows[rows["estimator"] == name].iloc[-1] for name in ("backprop", "inference")
    )
    grey: dict[str, Any] = {"color": "0.55", "linewidth": 1.0, "zorder": 0}
    axes.plot(
        depths,
        backprop[column] / MEBIBYTE * depths / backprop["depth"],
        linestyle="--",
        label="linear",
        **grey,
    )
    axes.plot(
        depths, inference[column] / MEBIBYTE + 0 * depths, linestyle=":", label="constant", **grey
    )
