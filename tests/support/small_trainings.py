"""Jobs of short trainings: one for the tests of outcomes and trials, one to be trained."""

from typing import Any

import pandas as pd

from dirgrad.config import plan
from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.training import train
from support.configuration import configured

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
"""Configuration of the estimators of a job to be carried out."""
TWO_ESTIMATORS = ["backprop", "sphere_k2"]
"""Names of the estimators of most trainings: a deterministic one and a random one."""

ROSENBROCK = {"kind": "rosenbrock", "dimension": 3}
MLP = {"kind": "mlp", "dataset": "digits", "hidden": [5]}


def job_with_three_record_points(problem: Any = "beale", **options: Any) -> plan.Job:
    """Return a training of 20 steps that are recorded at the steps 0, 10 and 20.

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
    return plan.job(configured(config), "training/small/jax")


def training_job(backend: Backend, problem: Any, **options: Any) -> plan.Job:
    """Return a training of 20 steps in float64, for a framework.

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
    return plan.job(configured(config), f"training/small/{backend.name}")


def train_small(
    backend: Backend, problem: Any, **options: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Carry out the job of `training_job`; return the rows of its trials and of their curves."""
    records = train.run(training_job(backend, problem, **options), Context(backend))
    return records["trials"].to_pandas(), records["curves"].to_pandas()
