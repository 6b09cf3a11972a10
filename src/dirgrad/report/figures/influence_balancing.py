"""Losses of truncated BPTT and of directional descent are compared on influence balancing.

The truncated gradient points the wrong way, so the loss of truncated BPTT rises. Directional
descent along the truncated gradient lowers the loss.
"""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

PANEL_TITLES = {
    "truncated_bptt": "truncated BPTT",
    "directional_truncated": "directional descent along it",
}
"""Title of each column of panels, by the prefix of the estimators that it shows."""


def draw(tables: style.Tables, experiment: str) -> Figure:
    """Draw a row of two panels per framework.

    Args:
        tables: The table `curves`.
        experiment: The experiment to show.
    """
    curves = tables["curves"].query("experiment == @experiment")
    backends = curves["backend"].unique()
    windows = _windows(curves["estimator"].unique())
    styles = style.line_styles(["backprop", *map(str, windows)])
    figure, panels = style.new_figure(len(backends), len(PANEL_TITLES), height=2.6)
    for panel_row, backend in zip(panels, backends, strict=True):
        rows = curves.query("backend == @backend")
        for axes, (side, title) in zip(panel_row, PANEL_TITLES.items(), strict=True):
            _panel(axes, rows, side, styles)
            axes.set_title(f"{title}, {style.BACKENDS[backend]}")
        panel_row[0].set_ylabel("loss per sequence")
        panel_row[1].sharey(panel_row[0])
    style.add_legend(figure, panels, ncols=4)
    trials = style.count_range(curves["n"])
    style.add_title(
        figure,
        f"{style.label(experiment)}: one trial each (n = {trials}), "
        "no interval because nothing is random",
    )
    return figure


def _windows(estimators: Any) -> list[int]:
    windows = set()
    for name in estimators:
        side, _, window = name.rpartition("_")
        if side in PANEL_TITLES:
            windows.add(int(window))
    return sorted(windows)


def _panel(
    axes: Axes,
    rows: pd.DataFrame,
    side: str,
    styles: style.LineStyles,
) -> None:
    for name, line in styles.items():
        is_backprop = name == "backprop"
        estimator = name if is_backprop else f"{side}_{name}"
        part = rows[rows["estimator"] == estimator]
        axes.plot(
            part["step"],
            part["loss"],
            label="backprop" if is_backprop else f"window of {name}",
            markevery=max(len(part) // 6, 1),
            markersize=3.5,
            **line,
        )
    axes.set(xlabel="sequences", yscale="log")
