"""Scales of axes that depend on the values of a panel."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dirgrad.report.figures import style


def loss_scale(axes: Axes, losses: "pd.Series[float]") -> None:
    """Set the scale of the y axis for losses: logarithmic, unless a loss is below 0.

    With such losses the axis is logarithmic on both sides of 0, and linear around it. A loss of
    exactly 0 has no place on a logarithmic axis, except if all losses are 0.

    Args:
        axes: The panel.
        losses: All losses of the panel.
    """
    # A column without any value holds objects.
    finite = losses.astype(float)
    finite = finite[np.isfinite(finite)]
    if finite.empty or (finite.min() >= 0 and finite.max() > 0):
        axes.set_yscale("log")
        style.plain_ticks(axes.yaxis)
        return
    sizes = finite.abs()
    smallest = sizes[sizes > 0].min()
    linear = 1.0 if np.isnan(smallest) else max(float(smallest), 1e-3 * float(sizes.max()))
    axes.set_yscale("symlog", linthresh=linear)
    style.plain_ticks(axes.yaxis)
