"""Signal-to-noise ratio (SNR) against the numbers of parameters and of directions."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality",)
FIGURES = {"quality_signal": ("quality/dimension", "quality/directions")}
CATEGORY = "instruments"
TITLE = "Growth of the SNR"
CAPTION = """
Signal-to-noise ratio (SNR) of an estimate against the number of parameters of a quadratic
and against the number of directions, for every law of directions. The signal is the exact
gradient. The line is the closed form, not a fit. The title states the largest distance
between a measurement and the closed form.
"""
ALT = "Points on lines of theory: the SNR falls with parameters and rises with directions."

YLABEL = r"SNR $\Vert g\Vert^2 / E\Vert\hat g - g\Vert^2$"


def draw(tables: style.Tables, dimension: str, directions: str) -> Figure:
    """Draw a row of two panels per framework: against d for every law, against K for one law."""
    quality = measured(tables["quality"]).query("quality in [@dimension, @directions]")
    styles = style.line_styles(quality["direction"].unique())
    figure, grid = panels.facet_rows(quality, "backend", 2, height=2.9)
    for (left, right), rows, backend in grid:
        _against_dimension(left, rows.query("quality == @dimension"), styles)
        many = rows.query("quality == @directions").sort_values("num_directions")
        first_style = next(iter(styles.values()))
        _points(right, many, "num_directions", many["num_directions"], first_style, "gaussian")
        left.set(xlabel="parameters d (points shifted apart)", ylabel=YLABEL)
        d = style.count_range(many["dimension"])
        right.set(xlabel=f"directions K (d = {d})", ylabel=YLABEL, xticks=many["num_directions"])
        for axes in (left, right):
            axes.set(xscale="log", yscale="log", title=style.BACKENDS[backend])
            style.plain_ticks(axes.xaxis, axes.yaxis)
    return panels.finish(
        figure,
        quality,
        "n = {draws} estimates, {interval}; line: closed form {residual}",
        legend=5,
        residual=style.worst_residual(quality),
    )


def _against_dimension(axes: Axes, quality: pd.DataFrame, styles: style.LineStyles) -> None:
    # The laws lie on the same line, so their points are shifted sideways.
    for i, (law, line) in enumerate(styles.items()):
        rows = quality.query("direction == @law").sort_values("dimension")
        x = rows["dimension"] * 1.18 ** (i - 1.5)
        _points(axes, rows, "dimension", x, line, law)


def _points(
    axes: Axes, rows: pd.DataFrame, column: str, x: pd.Series, line: style.LineStyle, law: str
) -> None:
    style.points_with_interval(axes, x, rows, "snr", line, law)
    axes.plot(rows[column], rows["snr_theory"], color="0.4", linewidth=0.8, zorder=0)
