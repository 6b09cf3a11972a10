"""Cells of short trainings: one for the tests of outcomes and trials, one to be trained."""

from typing import Any

import pandas as pd

from dirgrad.config import plan
from dirgrad.config.validation import check
from dirgrad.core.types import Backend
from dirgrad.runs.training import train

ESTIMATORS = {
    "backprop": {"kind": "backprop"},
    "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
    "sphere_k2": {"kind": "forward_gradient", "direction": "sphere", "num_directions": 2},
    "coordinate": {"kind": "forward_gradient", "direction": "coordinate"},
    "central": {
        "kind": "finite_difference",
        "direction": "rademacher",
        "scheme": "central",
        "eps": 1e-3,
    },
}
"""Configuration of the estimators of a cell to be trained."""
TWO_ESTIMATORS = ["backprop", "sphere_k2"]
"""Names of the estimators of most trainings: a deterministic one and a random one."""

ROSENBROCK = {"kind": "rosenbrock", "dimension": 3}
MLP = {"kind": "mlp", "dataset": "digits", "hidden": [5]}


def cell_with_three_record_points(problem: Any = "beale", **options: Any) -> plan.Cell:
    """Return a cell of 20 steps that are recorded at the steps 0, 10 and 20.

    Args:
        problem: Configuration of the problem.
        **options: Further settings of the experiment.
    """
    estimators = {
        "backprop": "backprop",
        "forward": {"kind": "forward_gradient", "direction": "gaussian", "num_directions": 4},
        "central": {
            "kind": "finite_difference",
            "direction": "sphere",
            "scheme": "central",
            "eps": 0.01,
        },
    }
    experiment = {
        "problem": problem,
        "optimizer": "sgd",
        "learning_rates": [0.1, 0.2],
        "seeds": 2,
        "steps": 20,
        "record_every": 10,
        "estimators": list(estimators),
    }
    config = {
        "tier": "test",
        "backends": ["jax"],
        "estimators": estimators,
        "experiments": {"small": experiment | options},
    }
    return plan.cell(config, "small/jax")


def training_cell(backend: Backend, problem: Any, **options: Any) -> plan.Cell:
    """Return a valid cell of 20 steps in float64, for a framework.

    Args:
        backend: The framework.
        problem: Configuration of the problem.
        **options: Further settings of the experiment.
    """
    experiment = {
        "problem": problem,
        "optimizer": "sgd",
        "learning_rates": [0.001, 0.01],
        "seeds": 3,
        "steps": 20,
        "record_every": 10,
        "batch_size": 8,
        "estimators": list(ESTIMATORS),
    }
    config = {
        "tier": "test",
        "backends": [backend.name],
        "run": {"precision": "float64", "threads": 1},
        "estimators": ESTIMATORS,
        "experiments": {"small": experiment | options},
    }
    check(config, {"test": config})
    return plan.cell(config, f"small/{backend.name}")


def train_cell(backend: Backend, problem: Any, **options: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train the cell of `training_cell`; return the rows of its trials and of their curves."""
    records = train.run(training_cell(backend, problem, **options), backend, {})
    return records.trials.to_pandas(), records.curves.to_pandas()
