"""Largest stable learning rate of an estimator: short SGD trainings on a grid of rates."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pyarrow as pa

from dirgrad.components import registry
from dirgrad.config.plan import Job
from dirgrad.config.settings import Stability, Training
from dirgrad.core import closed_forms
from dirgrad.core.types import Backend, Estimator, Problem
from dirgrad.records.files import to_table
from dirgrad.records.measurement_schemas import STABILITY
from dirgrad.runs.context import Context
from dirgrad.runs.instruments.workload import problems_and_batch_sizes
from dirgrad.runs.training import train

Row: TypeAlias = dict[str, Any]


def run(job: Job, context: Context) -> dict[str, pa.Table]:
    """Train at every rate; return `stability`, a row per problem, estimator, rate and seed.

    Raises:
        UserError: a data set is not available.
    """
    rows: list[Row] = []
    for name, batch_size in problems_and_batch_sizes(job.settings):
        rows += _rows(job, context.backend, name, batch_size)
    return {"stability": to_table(rows, STABILITY)}


def _rows(job: Job, backend: Backend, name: str, batch_size: int) -> Iterator[Row]:
    training = _training(job.settings, name, batch_size)
    # Only the end of a trial says whether its rate is stable.
    ends = (0, training.steps)
    trials, curves = train.train_trials(training, job.estimators, job.run, backend, points=ends)
    initial_losses = {point["seed"]: point["loss"] for point in curves if point["step"] == 0}
    for trial in trials:
        estimator = job.estimators[trial["estimator"]]
        yield trial | {
            "stability": job.name,
            "problem_kind": trial["problem"],
            "problem": name,
            # A trial that was not begun has no curve.
            "initial_loss": initial_losses.get(trial["seed"]),
            "stable_rate_theory": _stable_rate(training.problem, estimator),
        }


def _training(settings: Stability, name: str, batch_size: int) -> Training:
    return Training(
        problem=settings.problems[name],
        optimizer=registry.parse("optimizers", "sgd"),
        learning_rates=settings.rates.rates,
        seeds=settings.seeds,
        steps=settings.steps,
        record_every=settings.steps,
        batch_size=batch_size,
    )


def _stable_rate(problem: Problem, estimator: Estimator) -> float | None:
    """Return the closed form for a quadratic, or None if there is none for the estimator."""
    if not isinstance(problem, closed_forms.HasEigenvalues):
        return None
    return closed_forms.stable_rate(estimator, problem.eigenvalues())
