"""Noise of gradient estimates: many estimates on a minibatch, compared with its exact gradient."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from dirgrad.config.plan import Job
from dirgrad.core import closed_forms, tree
from dirgrad.core.errors import ExplainedShortage
from dirgrad.core.types import Array, Backend, Batch, Estimator, Key, Params
from dirgrad.records.files import to_table
from dirgrad.records.measurement_schemas import COORDINATES, DRAWS
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import coordinates, curvature, difference_error, outcomes
from dirgrad.runs.instruments.curvature import WeightedNoise
from dirgrad.runs.instruments.workload import (
    Workload,
    after_training,
    as_rows,
    estimator_columns,
    exact_gradient,
    gradient,
    gradient_shares,
    on_all_data,
    on_minibatch,
    workloads,
)

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = tuple[list[Row], list[Row]]
"""Rows of the records `draws` and of the records `coordinates`."""
ENTRIES_AT_ONCE = 2_000_000
"""Largest number of entries, over all estimates, in memory at once."""


class EstimationPoint(NamedTuple):
    """Parameters and a minibatch at which gradients are estimated.

    Attributes:
        columns: columns that identify the point: `after_steps`, `minibatch` and, with several
            minibatches, the error of the minibatch gradient.
        workload: the problem at these parameters on this minibatch.
        exact: the gradient on the minibatch, (d,) float64.
        weights: the Hessian at the point; None if it is not measured.
    """

    columns: Row
    workload: Workload
    exact: np.ndarray
    weights: WeightedNoise | None


def run(job: Job, context: Context) -> dict[str, pa.Table]:
    """Estimate gradients repeatedly; return the records `draws` and `coordinates`.

    `draws` has a row per estimate with its error. `coordinates` has a row per recorded coordinate
    with the moments of its estimates. An estimator that is not supported has a row in `draws` with
    this status.

    Raises:
        UserError: a data set is not available.
    """
    draws: list[Row] = []
    moments: list[Row] = []
    for workload in workloads(job, context.backend):
        for draw_rows, coordinate_rows in _rows(job, context.backend, workload):
            draws += draw_rows
            moments += coordinate_rows
    return {"draws": to_table(draws, DRAWS), "coordinates": to_table(moments, COORDINATES)}


def _rows(job: Job, backend: Backend, workload: Workload) -> Iterator[Rows]:
    """Yield the rows of every estimator at every point, or its single row if not supported."""
    estimators = [
        (estimator, _shared_columns(job, workload, name, estimator))
        for name, estimator in _estimators(job)
    ]
    try:
        with ExplainedShortage():
            points = list(_estimation_points(job, backend, workload))
    except NotImplementedError as error:
        # Nothing can be compared with an exact gradient that is not available.
        outcome = outcomes.unsupported(error)
        yield [shared | outcome for _, shared in estimators], []
        return
    rows_of = _measure_at(job, backend, workload, points)
    for estimator, shared in estimators:
        try:
            with ExplainedShortage():
                yield from rows_of(estimator, shared)
        except NotImplementedError as error:
            yield [shared | outcomes.unsupported(error)], []


def _measure_at(
    job: Job, backend: Backend, workload: Workload, points: list[EstimationPoint]
) -> Callable[[Estimator, Row], Iterator[Rows]]:
    """Return the function that yields the rows of an estimator point by point.

    Its arguments are the estimator and the columns that all its rows share.
    """
    settings = job.settings
    unit_roundoff = float(np.finfo(job.run.precision).eps) / 2
    error_columns = difference_error.error_columns(backend, workload, unit_roundoff)
    estimates = _estimates(backend, workload, job.run.precision, settings.draws)

    def rows_of(estimator: Estimator, shared: Row) -> Iterator[Rows]:
        for point in points:
            # Each minibatch gets its own keys, so its directions are independent of the others.
            first_seed = point.columns["minibatch"] * settings.draws
            chunks = estimates(estimator, point.workload, first_seed)
            distances, moments = _compare(estimator, chunks, point, settings.coordinates)
            errors = error_columns(estimator, point.workload, first_seed, distances)
            gradient_arrays = tree.unravel(point.exact, workload.params)
            shares = gradient_shares(gradient_arrays)
            columns = shared | point.columns
            draw_columns = {
                **columns,
                **outcomes.OK,
                "signal_to_noise_theory": closed_forms.signal_to_noise(estimator, shares),
                "cosine_theory": closed_forms.cosine(estimator, shares),
            }
            if point.weights is not None:
                expected = point.weights.expected(estimator, gradient_arrays)
                draw_columns["curvature_noise_theory"] = expected
                draw_columns["hessian_probes"] = point.weights.probes
            draw_rows = [
                draw_columns | distance | error
                for distance, error in zip(distances, errors, strict=True)
            ]
            yield draw_rows, [columns | row for row in moments]

    return rows_of


def _shared_columns(
    job: Job,
    workload: Workload,
    name: str,
    estimator: Estimator,
) -> Row:
    return {
        "quality": job.name,
        "backend": job.backend,
        "precision": job.run.precision,
        "estimator": name,
        "eps": estimator.eps if isinstance(estimator, closed_forms.HasStepSize) else None,
        **workload.columns(),
        **estimator_columns(estimator),
    }


def _estimators(job: Job) -> Iterator[tuple[str, Estimator]]:
    """Yield (name, estimator); finite differences once per step size of the settings, if any."""
    for name, estimator in job.estimators.items():
        has_steps = isinstance(estimator, closed_forms.HasStepSize)
        if not (has_steps and job.settings.eps):
            yield name, estimator
            continue
        for eps in job.settings.eps:
            yield name, replace(estimator, eps=eps)  # type: ignore[type-var]


def _estimation_points(job: Job, backend: Backend, workload: Workload) -> Iterator[EstimationPoint]:
    """Yield every minibatch at every requested number of training steps."""
    num_minibatches = job.settings.minibatches
    exact_at = _exact_gradient(backend, workload)
    weights_at = curvature.weights_at(backend, workload) if job.settings.curvature else None
    for after_steps, trained in after_training(job, backend, workload):
        full = None
        if num_minibatches > 1:
            full = exact_at(on_all_data(job, backend, trained))
        for minibatch in range(num_minibatches):
            target = on_minibatch(job, backend, trained, minibatch)
            exact = exact_at(target)
            columns: Row = {"after_steps": after_steps, "minibatch": minibatch}
            if full is not None:
                columns |= _minibatch_error(exact, full)
            weights = weights_at(target, exact) if weights_at else None
            yield EstimationPoint(columns, target, exact, weights)


def _exact_gradient(backend: Backend, workload: Workload) -> Callable[[Workload], np.ndarray]:
    """Return the function from a workload on this problem to its exact gradient, (d,) float64."""
    exact_at = exact_gradient(backend, workload)

    def exact_row(target: Workload) -> np.ndarray:
        g = exact_at(target)
        (row,) = as_rows(backend, {name: leaf[None] for name, leaf in g.items()})
        return np.asarray(row)

    return exact_row


def _minibatch_error(exact: np.ndarray, full: np.ndarray) -> Row:
    """Return the columns that compare a minibatch gradient with the gradient on all data."""
    squared_norm = (full**2).sum()
    return {
        "minibatch_squared_error": ((exact - full) ** 2).sum() / squared_norm,
        "squared_norm_ratio": (exact**2).sum() / squared_norm,
    }


def _estimates(
    backend: Backend, workload: Workload, precision: str, draws: int
) -> Callable[[Estimator, Workload, int], Iterator[np.ndarray]]:
    """Return the function that yields chunks (n, d) of the estimates of an estimator.

    It is compiled once per estimator. Finite differences that differ only in their step size share
    a program.
    """
    size = max(2, min(draws, ENTRIES_AT_ONCE // workload.dimension))

    @cache
    def estimate_lanes(estimator: Estimator) -> Callable[[Key, Params, Batch, Array], Params]:
        def materialized(key: Key, params: Params, batch: Batch, eps: Array) -> Params:
            stepping = _with_step_size(estimator, eps)
            estimate = gradient(backend.ops, workload.problem, stepping)
            return tree.materialize(estimate(key, params, batch))

        lanes: Callable[[Key, Params, Batch, Array], Params]
        lanes = backend.engine.vmap_trials(materialized, (1, 2, 3), size)
        return lanes

    def estimates(estimator: Estimator, target: Workload, first_seed: int) -> Iterator[np.ndarray]:
        step = estimator.eps if isinstance(estimator, closed_forms.HasStepSize) else 0.0
        eps = backend.ops.asarray(np.array(step, precision))
        lanes = estimate_lanes(_with_step_size(estimator, 1.0))
        for first in range(0, draws, size):
            keys = backend.engine.keys(first_seed + np.arange(first, first + size))
            rows = as_rows(backend, lanes(keys, target.params, target.batch, eps))
            yield rows[: draws - first]

    return estimates


def _with_step_size(estimator: Estimator, eps: Array | float) -> Estimator:
    """Return a finite difference with another step size, or any other estimator itself."""
    if not isinstance(estimator, closed_forms.HasStepSize):
        return estimator
    # `replace` would validate the step size, and refuse an array.
    changed = copy(estimator)
    object.__setattr__(changed, "eps", eps)
    return changed


def _compare(
    estimator: Estimator,
    chunks: Iterator[np.ndarray],
    point: EstimationPoint,
    num_coordinates: int,
) -> tuple[list[Row], list[Row]]:
    """Return a row per estimate, and a row per coordinate for some evenly spaced coordinates."""
    exact, weights = point.exact, point.weights
    spaced = np.linspace(0, len(exact) - 1, num_coordinates)
    chosen = np.unique(spaced.round().astype(int))
    values: list[np.ndarray] = []
    distances: list[Row] = []
    for estimates in chunks:
        rows = _distances(estimates, exact, len(values))
        noise = [None] * len(estimates) if weights is None else weights.weigh(estimates)
        distances += [row | {"curvature_noise": x} for row, x in zip(rows, noise, strict=True)]
        values += list(estimates[:, chosen])
    moments, by_draw = coordinates.moments(estimator, np.array(values), exact, chosen)
    return [row | own for row, own in zip(distances, by_draw, strict=True)], moments


def _distances(estimates: np.ndarray, exact: np.ndarray, first: int) -> Iterator[Row]:
    """Yield a row per estimate, numbered from `first`; it has the estimate itself if d is 2."""
    norm = np.linalg.norm(exact)
    norms = np.linalg.norm(estimates, axis=1)
    products = estimates @ exact
    errors = estimates - exact
    next_errors = np.roll(errors, -1, axis=0)
    squared_errors = (errors**2).sum(1) / norm**2
    error_products = (errors * next_errors).sum(1) / norm**2
    for i, estimate in enumerate(estimates):
        row = {
            "draw": first + i,
            "gradient_norm": norm,
            "relative_squared_error": squared_errors[i],
            "error_product": error_products[i],
            "norm_ratio": norms[i] / norm,
            "cosine": products[i] / (norms[i] * norm) if norms[i] else 0.0,
        }
        if len(exact) == 2:
            row["estimate_0"], row["estimate_1"] = estimate
        yield row
