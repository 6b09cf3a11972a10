"""Step time relative to the forward pass is plotted against the number of layers.

The wide pale lines are the FLOP bound, a lower bound from the number of multiplications.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw one panel per framework.

    Args:
        tables: The table `cost`.
        name: The cost measurement to show.
    """
    cost = tables["cost"].query("cost == @name").sort_values("depth")
    backends = cost["backend"].unique()
    styles = style.line_styles(cost["estimator"].unique())
    figure, panels = style.new_figure(1, len(backends), height=3.0)
    for axes, backend in zip(panels[0], backends, strict=True):
        _panel(axes, cost.query("backend == @backend"), styles)
        axes.set_title(style.BACKENDS[backend])
    style.add_legend(figure, panels, ncols=3)
    rounds = style.count_range(cost["n"])
    batch = style.count_range(cost["batch_size"])
    style.add_title(
        figure,
        f"{style.label(name)}: inter-quartile mean of n = {rounds} rounds, {style.interval()}; "
        f"batch {batch}{style.noise_warning(cost)}",
    )
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, styles: style.LineStyles) -> None:
    for estimator, line in styles.items():
        part = rows[rows["estimator"] == estimator]
        name = style.label(estimator)
        style.line_with_interval(axes, part["depth"], part, "step_over_forward", line, name)
        axes.plot(
            part["depth"],
            part["flop_bound_over_forward"],
            label=f"{name}: FLOP bound",
            color=line["color"],
            linewidth=3,
            alpha=0.25,
        )
    noise = rows.drop_duplicates("depth")
    axes.fill_between(
        noise["depth"],
        noise["timing_noise_low"],
        noise["timing_noise_high"],
        color="0.8",
        label=style.NOISE_LABEL,
    )
    axes.set(xlabel="number of weight layers", xscale="log", ylim=(0, None))
    axes.set_ylabel("step time / forward time")
    axes.set_xticks(noise["depth"])
    style.plain_ticks(axes.xaxis)
