"""Find where a recorded curve first reaches a level, as a bracket between two record points."""

from typing import NamedTuple

import numpy as np


class Bracket(NamedTuple):
    """The range in which an effort lies.

    Attributes:
        low: The effort is this much or more.
        high: The effort is this much or less; infinite if the level was not reached.
    """

    low: float
    high: float


def crossing(steps: np.ndarray, losses: np.ndarray, level: float) -> Bracket:
    """Return the steps after which the losses first reach the level or fall below it.

    A curve does not say what happens between two record points. The first loss at or below the
    level may belong to any step after the previous record point. A dip between earlier points
    remains unseen. If the level is never reached, the last step is a lower bound.

    Args:
        steps: Steps of the record points, ascending whole numbers, (points,).
        losses: Losses at the record points, (points,).
        level: Loss to reach.
    """
    reached = np.flatnonzero(losses <= level)
    if not reached.size:
        return Bracket(float(steps[-1]), np.inf)
    first = reached[0]
    low = steps[first - 1] + 1 if first else steps[0]
    return Bracket(float(low), float(steps[first]))


def seconds_at(bracket: Bracket, steps: np.ndarray, seconds: np.ndarray) -> Bracket:
    """Return the training time at the ends of a bracket of steps.

    The steps between two record points take equally long.

    Args:
        bracket: A bracket of steps.
        steps: Steps of the record points, (points,).
        seconds: Training time at the record points, (points,).
    """
    low, high = (float(np.interp(step, steps, seconds)) for step in bracket)
    return Bracket(low, high if np.isfinite(bracket.high) else np.inf)
