"""Signal-to-noise ratio (SNR) of each law of directions is compared with its closed form.

The unit is K/d, for K directions and d parameters.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a row of panels per framework and a column per problem.

    Args:
        tables: The table `quality`.
        name: The quality measurement to show.
    """
    quality = tables["quality"].query("quality == @name")
    backends = quality["backend"].unique()
    problems = quality["problem"].unique()
    # The y axis points upward, so the reversed order puts the first estimator at the top.
    estimators = list(quality["estimator"].unique())[::-1]
    height = 0.7 + 0.24 * len(estimators)
    figure, panels = style.new_figure(len(backends), len(problems), height=height, width=10.5)
    for panel_row, backend in zip(panels, backends, strict=True):
        for axes, problem in zip(panel_row, problems, strict=True):
            rows = quality.query("backend == @backend and problem == @problem")
            rows = rows.set_index("estimator").reindex(estimators)
            _panel(axes, rows)
            labels = [style.label(estimator) for estimator in estimators]
            axes.set_yticks(np.arange(len(rows)), labels if axes is panel_row[0] else [])
            dimension = rows["dimension"].iloc[0]
            title = f"{style.BACKENDS[backend]}, {style.label(problem)},\nd = {dimension}"
            axes.set_title(title, fontsize=9)
    style.add_legend(figure, panels, ncols=2)
    draws = style.count_range(quality["draws"])
    z = quality["snr_z"]
    style.add_title(
        figure,
        f"n = {draws} estimates, {style.interval()} "
        f"(worst residual {z.abs().max():.1f} standard errors of {z.notna().sum()})",
    )
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    unit = rows["num_directions"] / rows["dimension"]
    y = np.arange(len(rows))
    axes.errorbar(
        rows["snr"] / unit,
        y,
        xerr=[length / unit for length in style.error_lengths(rows, "snr")],
        color="black",
        marker="o",
        markersize=4,
        linestyle="",
        label="measured",
    )
    axes.plot(
        rows["snr_theory"] / unit,
        y,
        "|",
        color="#D55E00",
        markersize=11,
        markeredgewidth=2,
        label="closed form",
    )
    axes.set(xlabel="SNR / (K/d)", ylim=(-0.6, len(rows) - 0.4))
