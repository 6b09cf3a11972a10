"""Measurements of small problems, for the tests of the instruments."""

from typing import Any

from dirgrad.config import plan
from dirgrad.core.types import Backend
from support.configuration import configured

ESTIMATORS = {
    "backprop": {"kind": "backprop"},
    "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
    "rademacher": {"kind": "forward_gradient", "direction": "rademacher", "num_directions": 2},
}
QUADRATIC = {"kind": "quadratic", "dimension": 10, "condition": 1.0}
MLP = {"kind": "mlp", "dataset": "digits", "hidden": [5], "repeat": 2}


def measurement_path(instrument: str, backend_name: str) -> str:
    """Return the path of the measurement in `measurement_config`."""
    return f"{instrument}/small/{backend_name}"


def measurement_config(
    backend_name: str, instrument: str, problems: dict[str, Any], **options: Any
) -> dict[str, Any]:
    """Return a configuration with one measurement of some problems.

    Args:
        backend_name: Name of the framework.
        instrument: Name of the instrument.
        problems: Configuration of each problem.
        **options: Further settings of the measurement.
    """
    settings = {"problems": problems, "estimators": list(ESTIMATORS), "batch_sizes": [8]}
    settings |= options
    return {
        "tier": "test",
        "backends": [backend_name],
        "run": {"precision": "float64", "threads": 1},
        "estimators": ESTIMATORS,
        instrument: {"small": settings},
    }


def small_measurement(
    backend: Backend, instrument: str, problems: dict[str, Any], **options: Any
) -> plan.Job:
    """Return the measurement in a valid `measurement_config`."""
    config = measurement_config(backend.name, instrument, problems, **options)
    return plan.job(configured(config), measurement_path(instrument, backend.name))


def measurement_with_estimators(
    backend: Backend,
    instrument: str,
    problems: dict[str, Any],
    estimators: dict[str, Any],
    **options: Any,
) -> plan.Job:
    """Return a measurement of some problems with other estimators than `ESTIMATORS`."""
    names = list(estimators)
    config = measurement_config(backend.name, instrument, problems, estimators=names, **options)
    config["estimators"] = ESTIMATORS | estimators
    return plan.job(configured(config), measurement_path(instrument, backend.name))
