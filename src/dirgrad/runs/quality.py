"""The noise of gradient estimates: many of them at one point and on one minibatch, against the exact gradient there."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from dirgrad.estimators.backprop import Backprop
from dirgrad.plan import Measurement
from dirgrad.records import COORDINATES, DRAWS, table
from dirgrad.runs.subject import Subject, described, gradient, key, later, subjects
from dirgrad.settings import Quality
from dirgrad.types import Backend, Estimator, Online, Params

ENTRIES_AT_ONCE = 2_000_000
"""Entries of all estimates in memory at once."""


def run(made: Measurement, backend: Backend) -> dict[str, pa.Table]:
    """`draws`: a row per estimate, how far it is from the gradient. `coordinates`: a row per coordinate, its moments."""
    draws: list[dict[str, Any]] = []
    coordinates: list[dict[str, Any]] = []
    settings = made.settings
    for start in subjects(made, backend):
        for after in settings.after_steps:
            subject = later(made, backend, start, after, settings.learning_rate)
            at = {"quality": made.name, "backend": made.backend, "precision": made.run.precision, "after_steps": after}
            for name, estimator in made.estimators.items():
                same = at | subject.facts() | described(estimator) | {"estimator": name}
                found, moments = _compared(backend, subject, estimator, settings)
                draws += (same | row for row in found)
                coordinates += (same | row for row in moments)
    return {"draws": table(draws, DRAWS), "coordinates": table(coordinates, COORDINATES)}


def _compared(
    backend: Backend, subject: Subject, estimator: Estimator | Online, settings: Quality
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of one estimator at one place: of its estimates, and of its coordinates."""
    exact = _flat(backend, gradient(backend, subject.problem, Backprop())(key(backend, 0), subject.params, subject.batch), ())
    chosen = np.unique(np.linspace(0, subject.dimension - 1, settings.coordinates).round().astype(int))
    kept: list[np.ndarray] = []
    rows: list[dict[str, Any]] = []
    for estimates in _estimates(backend, subject, estimator, settings.draws):
        rows += _distances(estimates, exact, len(kept))
        kept += list(estimates[:, chosen])
    return rows, list(_moments(np.array(kept), exact[chosen], chosen))


def _flat(backend: Backend, params: Params, lead: tuple[int, ...]) -> np.ndarray:
    """(*lead, d) in float64, in the order of the dictionary."""
    leaves = [backend.engine.numpy(leaf).astype(np.float64).reshape(*lead, -1) for leaf in params.values()]
    return np.concatenate(leaves, axis=-1)


def _estimates(backend: Backend, subject: Subject, estimator: Estimator | Online, draws: int) -> Iterator[np.ndarray]:
    """Estimates of independent directions, in chunks (n, d)."""
    size = max(2, min(draws, ENTRIES_AT_ONCE // subject.dimension))
    of = backend.engine.over_lanes(gradient(backend, subject.problem, estimator), (1, 2), size)
    for first in range(0, draws, size):
        keys = backend.engine.keys(np.arange(first, first + size))
        yield _flat(backend, of(keys, subject.params, subject.batch), (size,))[: draws - first]


def _distances(estimates: np.ndarray, exact: np.ndarray, first: int) -> Iterator[dict[str, Any]]:
    """A row per estimate, numbered from `first`. Those of two dimensions are given as they are."""
    length = np.linalg.norm(exact)
    errors, norms, along = estimates - exact, np.linalg.norm(estimates, axis=1), estimates @ exact
    squared, paired = (errors**2).sum(1) / length**2, (errors * np.roll(errors, -1, axis=0)).sum(1) / length**2
    for i, estimate in enumerate(estimates):
        row = {"draw": first + i, "gradient_norm": length, "relative_squared_error": squared[i], "paired_error": paired[i]}
        row |= {"norm_ratio": norms[i] / length, "cosine": along[i] / (norms[i] * length) if norms[i] else 0.0}
        yield row | (dict(zip(("estimate_0", "estimate_1"), estimate, strict=True)) if len(exact) == 2 else {})


def _moments(values: np.ndarray, exact: np.ndarray, chosen: np.ndarray) -> Iterator[dict[str, Any]]:
    """A row per coordinate. values: (draws, coordinates)."""
    mean = values.mean(axis=0)
    variance, fourth = (((values - mean) ** power).mean(axis=0) for power in (2, 4))
    for i, coordinate in enumerate(chosen):
        row = {"coordinate": int(coordinate), "gradient": exact[i], "mean": mean[i], "variance": variance[i]}
        yield row | {"draws": len(values), "kurtosis": fourth[i] / variance[i] ** 2 if variance[i] else None}
