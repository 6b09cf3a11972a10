"""Largest stable learning rate of an estimator: short SGD trainings on a grid of rates."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dirgrad.components import registry
from dirgrad.config.plan import Job
from dirgrad.config.settings import Stability, Training
from dirgrad.core import closed_forms
from dirgrad.core.types import Backend, Estimator, Problem
from dirgrad.records.files import to_table
from dirgrad.records.measurement_schemas import STABILITY
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import curvature
from dirgrad.runs.instruments.workload import load_workload, problems_and_batch_sizes
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
    spectrum = _spectrum(job, backend, name, batch_size)
    closed_forms_of = {
        name: _closed_forms(training.problem, estimator)
        for name, estimator in job.estimators.items()
    }
    initial_losses = {point["seed"]: point["loss"] for point in curves if point["step"] == 0}
    for trial in trials:
        yield (
            trial
            | spectrum
            | closed_forms_of[trial["estimator"]]
            | {
                "stability": job.name,
                "problem_kind": trial["problem"],
                "problem": name,
                # A trial that was not begun has no curve.
                "initial_loss": initial_losses.get(trial["seed"]),
            }
        )


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


def _spectrum(job: Job, backend: Backend, name: str, batch_size: int) -> Row:
    """Return the columns about the Hessian at the start of training."""
    workload = load_workload(job, backend, name, batch_size)
    try:
        trace, largest, probes = curvature.spectrum(backend, workload)
    except NotImplementedError:
        return {}
    return {"hessian_trace": trace, "largest_eigenvalue": largest, "hessian_probes": probes}


def _closed_forms(problem: Problem, estimator: Estimator) -> Row:
    """Return the closed forms for a quadratic that the law of an estimator declares."""
    if not isinstance(problem, closed_forms.HasEigenvalues):
        return {}
    eigenvalues = problem.eigenvalues()
    row: Row = {"stable_rate_theory": closed_forms.stable_rate(estimator, eigenvalues)}
    best = closed_forms.contraction(estimator, eigenvalues)
    if best is None or np.isnan(best[0]):
        return row
    return row | {"best_rate_theory": best[0], "contraction_theory": best[1]}
