"""Signal-to-noise ratio (SNR) is plotted against the numbers of parameters and of directions.

The lines are the closed forms.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import style

YLABEL = r"SNR $\Vert g\Vert^2 / E\Vert\hat g - g\Vert^2$"


def draw(tables: style.Tables, dimension: str, directions: str) -> Figure:
    """Draw a row of two panels per framework: against d for every law, against K for one law.

    Args:
        tables: The table `quality`.
        dimension: The quality measurement that varies the number of parameters d.
        directions: The quality measurement that varies the number of directions K.
    """
    quality = tables["quality"].query("quality in [@dimension, @directions]")
    backends = quality["backend"].unique()
    styles = style.line_styles(quality["direction"].unique())
    figure, panels = style.new_figure(len(backends), 2, height=2.9)
    for (left, right), backend in zip(panels, backends, strict=True):
        rows = quality.query("backend == @backend")
        _against_dimension(left, rows.query("quality == @dimension"), styles)
        many = rows.query("quality == @directions").sort_values("num_directions")
        first_style = next(iter(styles.values()))
        _points(right, many, "num_directions", many["num_directions"], first_style, "gaussian")
        left.set(xlabel="parameters d (points shifted apart)", ylabel=YLABEL)
        d = style.count_range(many["dimension"])
        right.set(xlabel=f"directions K (d = {d})", ylabel=YLABEL, xticks=many["num_directions"])
        for axes in (left, right):
            axes.set(xscale="log", yscale="log", title=style.BACKENDS[backend])
            style.plain_ticks(axes.xaxis)
            style.plain_ticks(axes.yaxis)
    style.add_legend(figure, panels, ncols=5)
    draws = style.count_range(quality["draws"])
    z = quality["snr_z"]
    style.add_title(
        figure,
        f"n = {draws} estimates, {style.interval()}; line: closed form "
        f"(worst residual {z.abs().max():.1f} standard errors of {z.notna().sum()})",
    )
    return figure


def _against_dimension(axes: Axes, quality: pd.DataFrame, styles: style.LineStyles) -> None:
    # The laws lie on the same line, so their points are shifted sideways.
    for i, (law, line) in enumerate(styles.items()):
        rows = quality.query("direction == @law").sort_values("dimension")
        x = rows["dimension"] * 1.18 ** (i - 1.5)
        _points(axes, rows, "dimension", x, line, law)


def _points(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    x: pd.Series,
    line: style.LineStyle,
    law: str,
) -> None:
    style.points_with_interval(axes, x, rows, "snr", line, law)
    axes.plot(
        rows[column],
        rows["snr_theory"],
        color="0.4",
        linewidth=0.8,
        zorder=0,
    )
