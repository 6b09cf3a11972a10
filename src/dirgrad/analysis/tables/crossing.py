"""Where a recorded curve first comes down to a level, and what else was true there; linear between two record points."""

import numpy as np


def crossing(abscissa: np.ndarray, losses: np.ndarray, level: float) -> float:
    """The abscissa at which the losses first are at or below the level; NaN if they never are. All: (points,)."""
    below = np.flatnonzero(losses <= level)
    if not below.size:
        return float("nan")
    last = below[0]
    if last == 0:
        return float(abscissa[0])
    ends = slice(last - 1, last + 1)
    # np.interp wants ascending abscissae: the loss falls between these two.
    return float(np.interp(-level, -losses[ends], abscissa[ends]))
