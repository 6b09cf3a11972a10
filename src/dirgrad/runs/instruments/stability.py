"""The largest learning rate that an estimator bears: short trainings by SGD at every rate of a grid, on every problem."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from dirgrad.components import registry
from dirgrad.config.plan import Cell, Measurement
from dirgrad.config.settings import Training
from dirgrad.core import theory
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Backend, Estimator, Problem
from dirgrad.records.files import to_table
from dirgrad.records.schemas import STABILITY
from dirgrad.runs.instruments.workload import problems_and_batch_sizes
from dirgrad.runs.training import train


def run(made: Measurement, backend: Backend) -> dict[str, pa.Table]:
    """`stability`: a row per problem, estimator, rate and seed."""
    rows = [
        row
        for name, batch_size in problems_and_batch_sizes(made.settings)
        for row in _problem(made, backend, name, batch_size)
    ]
    return {"stability": to_table(rows, STABILITY)}


def _problem(
    made: Measurement, backend: Backend, name: str, batch_size: int
) -> Iterator[dict[str, Any]]:
    settings, problem = made.settings, made.settings.problems[name]
    training = Training(
        problem=problem,
        optimizer=registry.parse("optimizers", "sgd"),
        learning_rates=settings.rates.rates,
        seeds=settings.seeds,
        steps=settings.steps,
        record_every=settings.steps,
        batch_size=batch_size,
    )
    cell = Cell(
        tier=made.tier,
        experiment=name,
        backend=made.backend,
        estimators=made.estimators,
        training=training,
        run=made.run,
    )
    found = train.run(cell, backend, {})
    begun = {
        point["seed"]: point["loss"] for point in found.curves.to_pylist() if point["step"] == 0
    }
    for trial in found.trials.to_pylist():
        known = {"stability": made.name, "problem_kind": trial["problem"], "problem": name}
        known["initial_loss"] = begun[trial["seed"]]
        yield (
            trial
            | known
            | {"stable_rate_theory": _theory(problem, made.estimators[trial["estimator"]])}
        )


def _theory(problem: Problem, estimator: Estimator | OnlineEstimator) -> float | None:
    """The closed form, for a quadratic and what it is known of."""
    if not hasattr(problem, "eigenvalues"):
        return None
    eigenvalues: np.ndarray = problem.eigenvalues()
    if estimator.direction is None:
        return float(2 / eigenvalues.max())
    known = (registry.kind(estimator), registry.kind(estimator.direction), estimator.num_directions)
    return theory.stable_rate(eigenvalues) if known == ("forward_gradient", "gaussian", 1) else None
