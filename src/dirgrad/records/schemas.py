"""Schemas of the records that a job writes, one per kind, and the outcomes that they state.

Each schema says what its columns mean. Null means "does not apply" or "was not measured". Times are
wall-clock seconds, losses of classifiers are in nats, and accuracies are fractions from 0 to 1.
"""

from enum import StrEnum

from dirgrad.records.measurement_schemas import (
    COORDINATES,
    COST,
    DRAWS,
    MEMORY,
    RESIDENT,
    STABILITY,
)
from dirgrad.records.training_schemas import CURVES, TRIALS


class TrialStatus(StrEnum):
    """Outcome of a trial."""

    OK = "ok"
    """All steps were taken."""
    DIVERGED = "diverged"
    """The loss was not finite, or above the limit of the configuration."""
    TIMEOUT = "timeout"
    """The time budget of the estimator was spent before the last step."""
    UNSUPPORTED = "unsupported"
    """The framework cannot compute this estimate on this problem."""


class MeasurementStatus(StrEnum):
    """Outcome of a measurement by an instrument."""

    OK = "ok"
    """The measurement was made; for a time, the estimate was correct."""
    UNSUPPORTED = "unsupported"
    """The framework cannot compute this estimate on this problem."""
    WRONG = "wrong"
    """The estimate differs from its expected value, so it was not timed."""
    FAILED = "failed"
    """The observed process ended with an error."""


class Stage(StrEnum):
    """Purpose of a trial."""

    TUNING = "tuning"
    """The search for a learning rate."""
    FINAL = "final"
    """The result that is reported."""


SCHEMAS = {
    "trials": TRIALS,
    "curves": CURVES,
    "cost": COST,
    "memory": MEMORY,
    "resident": RESIDENT,
    "draws": DRAWS,
    "coordinates": COORDINATES,
    "stability": STABILITY,
}
"""Schema of each kind of records."""
