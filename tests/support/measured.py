"""Measurements of small problems, for the tests of instruments."""

from typing import Any

from dirgrad.config import plan, validation
from dirgrad.core.types import Backend

ESTIMATORS = {
    "backprop": {"kind": "backprop"},
    "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
    "rademacher": {"kind": "forward_gradient", "direction": "rademacher", "num_directions": 2},
}
QUADRATIC = {"kind": "quadratic", "dimension": 10, "condition": 1.0}
MLP = {"kind": "mlp", "dataset": "digits", "hidden": [5], "repeat": 2}
EXPERIMENT = {
    "problem": "beale",
    "optimizer": "sgd",
    "learning_rates": [0.1],
    "seeds": 1,
    "steps": 2,
    "record_every": 2,
}


def raw(backend: str, instrument: str, problems: dict[str, Any], **options: Any) -> dict[str, Any]:
    measured = {"problems": problems, "estimators": list(ESTIMATORS), "batch_sizes": [8]} | options
    return {
        "tier": "test",
        "backends": [backend],
        "run": {"precision": "float64", "threads": 1},
        "estimators": ESTIMATORS,
        "experiments": {"beale": EXPERIMENT | {"estimators": ["backprop"]}},
        instrument: {"one": measured},
    }


def made(
    backend: Backend, instrument: str, problems: dict[str, Any], **options: Any
) -> plan.Measurement:
    given = raw(backend.name, instrument, problems, **options)
    validation.check(given, {"test": given})
    return plan.measurement(given, f"{instrument}/one/{backend.name}")
