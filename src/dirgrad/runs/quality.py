"""The noise of gradient estimates: many of them at one point and on one minibatch, against the exact gradient there."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dirgrad.estimators.backprop import Backprop
from dirgrad.plan import Measurement
from dirgrad.records import COORDINATES, DRAWS, table
from dirgrad.recurrent import Online
from dirgrad.runs.subject import Subject, described, gradient, key, later, subjects
from dirgrad.types import Backend, Estimator, Params

Row: TypeAlias = dict[str, Any]
ENTRIES_AT_ONCE = 2_000_000
"""Entries of all estimates in memory at once."""


def run(made: Measurement, backend: Backend) -> dict[str, pa.Table]:
    """`draws`: a row per estimate, how far it is from the gradient. `coordinates`: a row per coordinate, its moments."""
    draws: list[Row] = []
    coordinates: list[Row] = []
    settings = made.settings
    for start in subjects(made, backend):
        places = {after: later(made, backend, start, after) for after in settings.after_steps}
        exact = {after: _exact(backend, place) for after, place in places.items()}
        for name, estimator in made.estimators.items():
            estimates = _estimates(backend, start, estimator, settings.draws)
            for after, place in places.items():
                same = {"quality": made.name, "backend": made.backend, "precision": made.run.precision, "after_steps": after}
                same |= start.facts() | described(estimator) | {"estimator": name}
                found, moments = _compared(estimates(place), exact[after], settings.coordinates)
                draws += (same | row for row in found)
                coordinates += (same | row for row in moments)
    return {"draws": table(draws, DRAWS), "coordinates": table(coordinates, COORDINATES)}


def _exact(backend: Backend, place: Subject) -> np.ndarray:
    """The gradient: (d,)."""
    return _flat(backend, gradient(backend.ops, place.problem, Backprop())(key(backend, 0), place.params, place.batch), ())


def _compared(chunks: Iterator[np.ndarray], exact: np.ndarray, coordinates: int) -> tuple[list[Row], list[Row]]:
    """The rows of one estimator at one place: of its estimates, and of so many of its coordinates."""
    chosen = np.unique(np.linspace(0, len(exact) - 1, coordinates).round().astype(int))
    kept: list[np.ndarray] = []
    rows: list[Row] = []
    for estimates in chunks:
        rows += _distances(estimates, exact, len(kept))
        kept += list(estimates[:, chosen])
    return rows, list(_moments(np.array(kept), exact[chosen], chosen))


def _flat(backend: Backend, params: Params, lead: tuple[int, ...]) -> np.ndarray:
    """(*lead, d) in float64, in the order of the dictionary."""
    leaves = [backend.engine.numpy(leaf).astype(np.float64).reshape(*lead, -1) for leaf in params.values()]
    return np.concatenate(leaves, axis=-1)


def _estimates(
    backend: Backend, start: Subject, estimator: Estimator | Online, draws: int
) -> Callable[[Subject], Iterator[np.ndarray]]:
    """At a place: estimates of independent directions, in chunks (n, d). Compiled once for all places."""
    size = max(2, min(draws, ENTRIES_AT_ONCE // start.dimension))
    of = backend.engine.over_lanes(gradient(backend.ops, start.problem, estimator), (1, 2), size)

    def at(place: Subject) -> Iterator[np.ndarray]:
        for first in range(0, draws, size):
            keys = backend.engine.keys(np.arange(first, first + size))
            yield _flat(backend, of(keys, place.params, place.batch), (size,))[: draws - first]

    return at


def _distances(estimates: np.ndarray, exact: np.ndarray, first: int) -> Iterator[Row]:
    """A row per estimate, numbered from `first`. Those of two dimensions are given as they are."""
    length = np.linalg.norm(exact)
    errors, norms, along = estimates - exact, np.linalg.norm(estimates, axis=1), estimates @ exact
    squared, paired = (errors**2).sum(1) / length**2, (errors * np.roll(errors, -1, axis=0)).sum(1) / length**2
    for i, estimate in enumerate(estimates):
        row = {"draw": first + i, "gradient_norm": length, "relative_squared_error": squared[i], "paired_error": paired[i]}
        row |= {"norm_ratio": norms[i] / length, "cosine": along[i] / (norms[i] * length) if norms[i] else 0.0}
        yield row | (dict(zip(("estimate_0", "estimate_1"), estimate, strict=True)) if len(exact) == 2 else {})


def _moments(values: np.ndarray, exact: np.ndarray, chosen: np.ndarray) -> Iterator[Row]:
    """A row per coordinate. values: (draws, coordinates)."""
    mean = values.mean(axis=0)
    variance, fourth = (((values - mean) ** power).mean(axis=0) for power in (2, 4))
    for i, coordinate in enumerate(chosen):
        row = {"coordinate": int(coordinate), "gradient": exact[i], "mean": mean[i], "variance": variance[i]}
        yield row | {"draws": len(values), "kurtosis": fourth[i] / variance[i] ** 2 if variance[i] else None}
