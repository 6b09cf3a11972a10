"""Training and validation loss of backprop and of the forward gradient at one rate, against iterations and against seconds, with
the times T_b and T_f at which each reaches backprop's lowest validation loss: the layout of Baydin et al. 2022."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

SHOWN = ("backprop", "forward_gradient")
PARTS = {"loss": ("training", "-"), "valid_loss": ("validation", ":")}


def draw(tables: Mapping[str, pd.DataFrame], experiment: str) -> Figure:
    """tables: `curves` and `baydin`. A row of panels per rate and framework."""
    curves = tables["curves"].query("experiment == @experiment and estimator in @SHOWN")
    times = tables["baydin"].query("subject == @experiment")
    rows = list(
        curves[["learning_rate", "backend"]]
        .drop_duplicates()
        .sort_values(["learning_rate", "backend"])
        .itertuples(index=False)
    )
    made, panels = style.figure(max(len(rows), 1), 2, height=2.2)
    for row, (rate, backend) in zip(panels, rows, strict=False):
        chosen = curves.query("learning_rate == @rate and backend == @backend")
        for axes, (column, label) in zip(row, style.ABSCISSAE.items(), strict=True):
            _panel(axes, chosen, column)
            axes.set(
                xlabel=label, ylabel="loss [nat]", title=f"{style.BACKENDS[backend]}, rate {rate:g}"
            )
        _times(row[1], chosen, times.query("learning_rate == @rate and backend == @backend"))
        row[1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    made.suptitle(
        f"{style.label(experiment)}: the same rate for both; inter-quartile mean of n = {style.count_range(curves['n'])} seeds, "
        f"{style.interval()}",
        fontsize=9,
    )
    return made


def _panel(axes: Axes, curves: pd.DataFrame, column: str) -> None:
    for estimator, line in style.lines(SHOWN).items():
        part = curves[curves["estimator"] == estimator]
        for values, (name, dashes) in PARTS.items():
            if values in part and part[values].notna().any():
                label = f"{style.label(estimator)}, {name}"
                style.line_with_interval(
                    axes, part[column], part, values, line | {"linestyle": dashes}, label
                )


def _times(axes: Axes, curves: pd.DataFrame, found: pd.DataFrame) -> None:
    """Backprop's lowest validation loss, and the times at which it is reached."""
    values = found.set_index("quantity")["value"]
    lowest = curves.loc[curves["estimator"] == "backprop", "valid_loss"].min()
    axes.axhline(lowest, color="0.6", linewidth=0.8)
    for quantity, estimator, name in (
        ("T_b_seconds", "backprop", "T_b"),
        ("T_f_seconds", "forward_gradient", "T_f"),
    ):
        if quantity in values and pd.notna(values[quantity]):
            line = style.lines(SHOWN)[estimator]
            label = f"{name} = {values[quantity]:.3g} s"
            axes.axvline(
                values[quantity],
                color=line["color"],
                linestyle=(0, (1, 1)),
                linewidth=1,
                label=label,
            )
        else:
            axes.plot([], [], " ", label=f"{name} not reached by all")
