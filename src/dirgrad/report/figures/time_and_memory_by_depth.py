"""Time and memory against the number of layers: the layout of Baydin et al. 2022, figure 6."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

MEBIBYTE = 2**20


def draw(tables: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """tables: `cost` and `memory`. A row of panels per framework."""
    cost, memory = tables["cost"].query("cost == @name"), tables["memory"].query("memory == @name")
    backends, kinds = (
        list(cost["backend"].unique()),
        style.lines([*cost["estimator"].unique(), "function alone"]),
    )
    made, panels = style.figure(len(backends), 2)
    for (left, right), backend in zip(panels, backends, strict=True):
        _lines(
            left, _with_function(cost.query("backend == @backend")), "gradient_seconds", 1e-3, kinds
        )
        left.set(ylabel="time of an estimate [ms]", title=style.BACKENDS[backend])
        _lines(
            right,
            _renamed(memory.query("backend == @backend")),
            "resident_peak_bytes",
            MEBIBYTE,
            kinds,
        )
        right.set(ylabel="peak resident memory\nof a step [MiB]", title=style.BACKENDS[backend])
        right.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    batches = style.count_range(cost["batch_size"]), style.count_range(memory["batch_size"])
    made.suptitle(
        f"{style.label(name)}: inter-quartile mean of n = {style.count_range(cost['n'])} rounds of batch {batches[0]} (time) and "
        f"{style.count_range(memory['n'])} processes of batch {batches[1]} (memory), {style.interval()}",
        fontsize=9,
    )
    return made


def _with_function(cost: pd.DataFrame) -> pd.DataFrame:
    """The rows, and those of the function alone as if it were an estimator."""
    ends = ("", "_low", "_high")
    alone = cost.drop_duplicates("problem").assign(estimator="function alone")
    alone = alone.assign(
        **{f"gradient_seconds{end}": alone[f"forward_seconds{end}"] for end in ends}
    )
    return pd.concat([alone, cost])


def _renamed(memory: pd.DataFrame) -> pd.DataFrame:
    return memory.replace({"estimator": {"inference": "function alone"}})


def _lines(
    axes: Axes, rows: pd.DataFrame, column: str, unit: float, kinds: Mapping[str, dict[str, object]]
) -> None:
    for estimator, line in kinds.items():
        part = rows[rows["estimator"] == estimator].sort_values("depth")
        scaled = part[[column, f"{column}_low", f"{column}_high"]] / unit
        style.line_with_interval(axes, part["depth"], scaled, column, line, style.label(estimator))
    axes.set(xlabel="layers of weights", xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        style.plain_ticks(axis)
