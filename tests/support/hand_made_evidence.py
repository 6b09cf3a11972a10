"""Evidence of a claim at one place, from chosen values, and the decision about it."""

import numpy as np

from dirgrad.analysis.samples import Samples
from dirgrad.analysis.verdicts import Decision, Evidence, Interval, decide


def sampled(values: object, **attributes: bool) -> Evidence:
    """Return a place with these exact values."""
    numbers = np.asarray(values, float)
    return Evidence({}, Samples(np.arange(numbers.size), numbers, numbers), **attributes)


def bounded(low: object, high: object, **attributes: bool) -> Evidence:
    """Return a place with values between these bounds."""
    lows, highs = np.asarray(low, float), np.asarray(high, float)
    return Evidence({}, Samples(np.arange(lows.size), lows, highs), **attributes)


def counted(low: float, high: float | None = None) -> Evidence:
    """Return a place with a count, or with hard bounds."""
    return bounded([low], [low if high is None else high], counted=True)


def only_decision(evidence: Evidence, criterion: Interval) -> Decision:
    """Return the decision at the only place of a claim."""
    (decided,) = decide([evidence], criterion, 0.95)
    return decided
