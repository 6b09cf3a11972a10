"""Seconds to a target loss against the bytes of a step, with the methods that no other beats."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import by_depth, panels, style

TABLES = ("targets", "memory")
FIGURES = {"frontier": ("training/heads_64", "memory/heads")}
CATEGORY = "beyond"
TITLE = "Time to a target loss, and bytes of a step"
CAPTION = """
Seconds of training until the target loss, against the bytes of a step. The bytes are the parameters
and the temporary arrays that the framework counts, over those of an evaluation of the loss. A line
joins the methods that no other beats in both. Each method has the rate with the lowest final
validation loss. Trials advance together, so the seconds of a trial are a share of the time of all.
"""
ALT = "A point per method with its time and its memory, and a line along the best ones."

SECONDS = "seconds_to_target"
BYTES = "bytes_over_inference"
MARKERS = "os^DvPX*<>hd"
"""A marker per estimator. Points have no dashes that tell equal colors apart."""


def draw(tables: style.Tables, experiment: str, memory: str) -> Figure:
    """Draw one panel per framework with a point per estimator."""
    held = _bytes_over_inference(measured(tables["memory"]).query("memory == @memory"), experiment)
    times = tables["targets"].query("experiment == @experiment")
    rows = times.merge(held, on=["backend", "estimator"])
    styles = style.line_styles(sorted(rows["estimator"].unique()))
    figure, grid = panels.facet_rows(rows, "backend", 1, width=6.4, height=3.4)
    for (axes,), part, backend in grid:
        _points(axes, part, styles)
        axes.set_title(style.BACKENDS[backend])
        axes.set(xlabel="bytes of a step / inference's", ylabel="seconds to the target")
        axes.set(yscale="log")
        style.plain_ticks(axes.yaxis)
    return panels.finish(
        figure,
        rows,
        _finding(rows),
        "loss {target_loss}; inter-quartile mean of n = {n} seeds, between two record points;",
        "hollow: time spent where a seed missed the target; line: no method beats these in both",
        legend=3,
        fontsize=7,
        target_loss=style.alternatives(rows["target_loss"]),
    )


def _bytes_over_inference(memory: pd.DataFrame, problem: str) -> pd.DataFrame:
    """Return the bytes of a step of each estimator over the bytes of inference."""
    rows = memory[memory["problem"] == problem]
    temporary = rows[[*by_depth.EXACT.values()]].bfill(axis=1).iloc[:, 0]
    rows = rows.assign(bytes=rows["parameter_bytes"] + temporary)
    inference = rows[rows["estimator"] == "inference"].set_index("backend")["bytes"]
    rows = rows.assign(**{BYTES: rows["bytes"] / rows["backend"].map(inference)})
    return rows[["backend", "estimator", BYTES]].drop_duplicates(["backend", "estimator"])


def _points(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for (estimator, line), marker in zip(styles.items(), MARKERS, strict=False):
        for row in rows[rows["estimator"] == estimator].to_dict("records"):
            low, high = row[f"{SECONDS}_from"], row[f"{SECONDS}_to"]
            missed = np.isnan(high)
            middle = low if missed else (low + high) / 2
            axes.plot(
                row[BYTES],
                middle,
                color=line["color"],
                marker=marker,
                markerfacecolor="none" if missed else line["color"],
                linestyle="",
                label=style.label(estimator),
            )
            axes.plot([row[BYTES]] * 2, [low, high], color=line["color"], linewidth=1)
    front = frontier(rows)
    axes.plot(front[BYTES], front[f"{SECONDS}_to"], color="0.6", linewidth=0.8, zorder=0)


def frontier(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that no other row beats in bytes and seconds, by bytes.

    A row that missed the target is beaten by every row that reached it with as few bytes.
    """
    ordered = rows.dropna(subset=f"{SECONDS}_to").sort_values([BYTES, f"{SECONDS}_to"])
    best_before = ordered[f"{SECONDS}_to"].cummin().shift(fill_value=np.inf)
    return ordered[ordered[f"{SECONDS}_to"] < best_before]


def _finding(rows: pd.DataFrame) -> str:
    """Name the methods on the front in every framework."""
    fronts = [set(frontier(part)["estimator"]) for _, part in rows.groupby("backend")]
    shared = sorted(set.intersection(*fronts)) if fronts else []
    if not shared:
        return "No method is on the front of every framework"
    names = ", ".join(style.label(name) for name in shared)
    return f"On the front of every framework: {names}"
