"""Find where a recorded curve first reaches a level, by linear interpolation."""

import numpy as np


def crossing(abscissa: np.ndarray, losses: np.ndarray, level: float) -> float:
    """Return the abscissa at which the losses first reach the level or fall below it.

    Between two record points the curve is linear. The result is NaN if the level is never reached.

    Args:
        abscissa: Steps or seconds of the record points, ascending, (points,).
        losses: Losses at the record points, (points,).
        level: Loss to reach.
    """
    reached = np.flatnonzero(losses <= level)
    if not reached.size:
        return float("nan")
    first = reached[0]
    if first == 0:
        return float(abscissa[0])
    ends = slice(first - 1, first + 1)
    # np.interp requires increasing values, and the losses decrease between these two points.
    position = np.interp(-level, -losses[ends], abscissa[ends])
    return float(position)
