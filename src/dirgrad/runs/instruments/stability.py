"""Largest stable learning rate of an estimator: short SGD trainings on a grid of rates."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pyarrow as pa

from dirgrad.components import registry
from dirgrad.config.plan import Cell, Measurement
from dirgrad.config.settings import Training
from dirgrad.core import closed_forms
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Backend, Estimator, Problem
from dirgrad.records.files import to_table
from dirgrad.records.schemas import STABILITY
from dirgrad.runs.instruments.workload import problems_and_batch_sizes
from dirgrad.runs.training import train

Row: TypeAlias = dict[str, Any]


def run(measurement: Measurement, backend: Backend) -> dict[str, pa.Table]:
    """Train at every rate; return `stability`, a row per problem, estimator, rate and seed.

    Raises:
        UserError: a data set is not available.
    """
    rows: list[Row] = []
    for name, batch_size in problems_and_batch_sizes(measurement.settings):
        rows += _rows(measurement, backend, name, batch_size)
    return {"stability": to_table(rows, STABILITY)}


def _rows(measurement: Measurement, backend: Backend, name: str, batch_size: int) -> Iterator[Row]:
    problem = measurement.settings.problems[name]
    records = train.run(_cell(measurement, name, batch_size), backend, {})
    start = [point for point in records.curves.to_pylist() if point["step"] == 0]
    initial_losses = {point["seed"]: point["loss"] for point in start}
    for trial in records.trials.to_pylist():
        estimator = measurement.estimators[trial["estimator"]]
        yield trial | {
            "stability": measurement.name,
            "problem_kind": trial["problem"],
            "problem": name,
            "initial_loss": initial_losses[trial["seed"]],
            "stable_rate_theory": _stable_rate(problem, estimator),
        }


def _cell(measurement: Measurement, name: str, batch_size: int) -> Cell:
    settings = measurement.settings
    training = Training(
        problem=settings.problems[name],
        optimizer=registry.parse("optimizers", "sgd"),
        learning_rates=settings.rates.rates,
        seeds=settings.seeds,
        steps=settings.steps,
        record_every=settings.steps,
        batch_size=batch_size,
    )
    return Cell(
        tier=measurement.tier,
        experiment=name,
        backend=measurement.backend,
        estimators=measurement.estimators,
        training=training,
        run=measurement.run,
    )


def _stable_rate(problem: Problem, estimator: Estimator | OnlineEstimator) -> float | None:
    """Return the closed form for a quadratic, or None if there is none for the estimator."""
    if not isinstance(problem, closed_forms.HasEigenvalues):
        return None
    return closed_forms.stable_rate(estimator, problem.eigenvalues())
