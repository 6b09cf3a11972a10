"""Outcomes of measurements, as the columns `status` and `reason` of a record."""

from dirgrad.core.errors import one_line
from dirgrad.records.schemas import MeasurementStatus

LIMIT_SECONDS = 1800.0
"""Time after which a process is ended. A measurement takes seconds, and a large one minutes."""
OK = {"status": MeasurementStatus.OK}
"""Outcome of a measurement that was made."""


def unsupported(error: NotImplementedError) -> dict[str, str]:
    """Return the outcome of an estimator that cannot be computed; its reason is on one line."""
    return {"status": MeasurementStatus.UNSUPPORTED, "reason": one_line(error)}


def failed(returncode: int) -> dict[str, str]:
    """Return the outcome of a process that ended with an error.

    Args:
        returncode: Exit code of the process, or minus the number of the signal that ended it.
    """
    if returncode == 0:
        return _failed("the process ended without a result")
    ending = f"exit code {returncode}" if returncode > 0 else f"signal {-returncode}"
    return _failed(f"the process ended with {ending}")


def hung(seconds: float) -> dict[str, str]:
    """Return the outcome of a process that was ended because it took longer than its limit."""
    return _failed(f"the process was ended after {seconds:g} seconds without a result")


def _failed(reason: str) -> dict[str, str]:
    return {"status": MeasurementStatus.FAILED, "reason": reason}
