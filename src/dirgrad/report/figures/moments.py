"""Signal-to-noise ratio (SNR) of the forward gradient on networks, with its closed form."""

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import panels, style

TABLES = ("quality",)
FIGURES = {"frye_noise": ("quality/growth",)}
CATEGORY = "frye"
TITLE = "Noise of the forward gradient"
CAPTION = """
Signal-to-noise ratio (SNR) of the forward gradient against the number of parameters d of networks
of increasing width. The line is the closed form 1/(d + 1), not a fit.
"""
ALT = "Points of both frameworks on the line 1/(d + 1): the SNR falls with the parameters."

ESTIMATOR = "forward_gradient"
SHIFT = 1.06
"""Factor by which the points of the frameworks are moved apart."""


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw one panel with the points of every framework."""
    selection = "quality == @name and estimator == @ESTIMATOR"
    quality = measured(tables["quality"]).query(selection).sort_values("dimension")
    figure, ((axes,),) = panels.new_figure(1, 1, width=5.0, height=2.8)
    styles = style.line_styles(style.BACKENDS)
    for i, (rows, line, backend) in enumerate(style.parts(quality, styles, "backend")):
        if len(rows):
            x = rows["dimension"] * SHIFT ** (2 * i - 1)
            style.points_with_interval(axes, x, rows, "snr", line, style.BACKENDS[backend])
    theory = quality.drop_duplicates("dimension")
    axes.plot(theory["dimension"], theory["snr_theory"], color="0.4", label="1/(d + 1)", zorder=0)
    if len(quality):
        axes.set(xscale="log", yscale="log")
    axes.set_xlabel("parameters d (points shifted apart)")
    axes.set(ylabel=r"SNR $\Vert g\Vert^2 / E\Vert\hat g - g\Vert^2$")
    axes.legend()
    return panels.finish(
        figure,
        quality,
        _finding(quality),
        "n = {draws} forward gradients at the start of training, {interval}",
    )


def _finding(quality: pd.DataFrame) -> str:
    ratio = quality["snr"] / quality["snr_theory"]
    if ratio.empty:
        return "SNR of the forward gradient"
    d = quality["dimension"]
    return (
        f"From d = {d.min():,} to {d.max():,} the SNR is {ratio.min():.2f} to {ratio.max():.2f} "
        "times 1/(d + 1)"
    )
