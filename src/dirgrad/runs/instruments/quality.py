"""The noise of gradient estimates: many of them at one point and on one minibatch, against the exact gradient there."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.config.plan import Measurement
from dirgrad.core import tree
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Backend, Estimator, Params
from dirgrad.records.files import to_table
from dirgrad.records.schemas import COORDINATES, DRAWS
from dirgrad.runs.instruments import difference_error, expected_snr
from dirgrad.runs.instruments.workload import (
    Workload,
    after_training,
    estimator_columns,
    gradient,
    on_all_data,
    on_minibatch,
    workloads,
)

Row: TypeAlias = dict[str, Any]
ENTRIES_AT_ONCE = 2_000_000
"""Entries of all estimates in memory at once."""


class Spot(NamedTuple):
    """Where estimates are made. facts: the columns that name it. exact: the minibatch's gradient (d,)."""

    facts: Row
    place: Workload
    exact: np.ndarray


def run(made: Measurement, backend: Backend) -> dict[str, pa.Table]:
    """`draws`: a row per estimate, how far it is from the gradient. `coordinates`: a row per coordinate, its moments."""
    draws: list[Row] = []
    coordinates: list[Row] = []
    origin: Row = {"quality": made.name, "backend": made.backend, "precision": made.run.precision}
    for start in workloads(made, backend):
        spots = list(_spots(made, backend, start))
        differing = difference_error.measured(
            backend, start, float(np.finfo(made.run.precision).eps) / 2
        )
        for name, estimator in _estimators(made):
            same = (
                origin
                | {"estimator": name, "eps": getattr(estimator, "eps", None)}
                | start.columns()
                | estimator_columns(estimator)
            )
            estimates = _estimates(backend, start, estimator, made.settings.draws)
            for spot in spots:
                # The directions of one minibatch are independent of those of the next.
                begin = spot.facts["minibatch"] * made.settings.draws
                found, moments = _compared(
                    estimates(spot.place, begin), spot.exact, made.settings.coordinates
                )
                errors = differing(estimator, spot.place, begin, found)
                known = spot.facts | {
                    "signal_to_noise_theory": expected_snr.signal_to_noise(
                        estimator, _leaves(start, spot.exact)
                    )
                }
                draws += (
                    same | known | row | error for row, error in zip(found, errors, strict=True)
                )
                coordinates += (same | spot.facts | row for row in moments)
    return {"draws": to_table(draws, DRAWS), "coordinates": to_table(coordinates, COORDINATES)}


def _estimators(made: Measurement) -> Iterator[tuple[str, Estimator | OnlineEstimator]]:
    """By name; those of differences at each of the steps asked for."""
    for name, estimator in made.estimators.items():
        if hasattr(estimator, "eps") and made.settings.eps:
            yield from ((name, replace(estimator, eps=eps)) for eps in made.settings.eps)  # type: ignore[type-var]
        else:
            yield name, estimator


def _spots(made: Measurement, backend: Backend, start: Workload) -> Iterator[Spot]:
    """Every place along training on every minibatch."""
    exactly = backend.engine.vmap_trials(
        gradient(backend.ops, start.problem, Backprop()), (1, 2), 1
    )

    def exact(place: Workload) -> np.ndarray:
        (found,) = _flat(
            backend, exactly(backend.engine.keys(np.array([0])), place.params, place.batch), (1,)
        )
        return np.asarray(found)

    for after, here in after_training(made, backend, start):
        whole = exact(on_all_data(made, backend, here)) if made.settings.minibatches > 1 else None
        for minibatch in range(made.settings.minibatches):
            place = on_minibatch(made, backend, here, minibatch)
            found = exact(place)
            facts: Row = {"after_steps": after, "minibatch": minibatch}
            if whole is not None:
                size = (whole**2).sum()
                facts |= {
                    "minibatch_squared_error": ((found - whole) ** 2).sum() / size,
                    "squared_norm_ratio": (found**2).sum() / size,
                }
            yield Spot(facts, place, found)


def _compared(
    chunks: Iterator[np.ndarray], exact: np.ndarray, coordinates: int
) -> tuple[list[Row], list[Row]]:
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
    leaves = [
        backend.engine.to_numpy(leaf).astype(np.float64).reshape(*lead, -1)
        for leaf in params.values()
    ]
    return np.concatenate(leaves, axis=-1)


def _leaves(start: Workload, flat: np.ndarray) -> dict[str, np.ndarray]:
    """A vector (d,) in the shapes of the parameters."""
    ends = np.cumsum([prod(leaf.shape) for leaf in start.params.values()])
    parts = np.split(flat, ends[:-1])
    return {
        name: part.reshape(leaf.shape)
        for (name, leaf), part in zip(start.params.items(), parts, strict=True)
    }


def _estimates(
    backend: Backend, start: Workload, estimator: Estimator | OnlineEstimator, draws: int
) -> Callable[[Workload, int], Iterator[np.ndarray]]:
    """At a place: estimates of independent directions, from the key of this number on, in chunks (n, d). Compiled once for all."""
    size = max(2, min(draws, ENTRIES_AT_ONCE // start.dimension))
    factored = gradient(backend.ops, start.problem, estimator)
    of = backend.engine.vmap_trials(
        lambda *arguments: tree.materialize(factored(*arguments)), (1, 2), size
    )

    def at(place: Workload, begin: int) -> Iterator[np.ndarray]:
        for first in range(0, draws, size):
            keys = backend.engine.keys(begin + np.arange(first, first + size))
            yield _flat(backend, of(keys, place.params, place.batch), (size,))[: draws - first]

    return at


def _distances(estimates: np.ndarray, exact: np.ndarray, first: int) -> Iterator[Row]:
    """A row per estimate, numbered from `first`. Those of two dimensions are given as they are."""
    length = np.linalg.norm(exact)
    errors, norms, along = estimates - exact, np.linalg.norm(estimates, axis=1), estimates @ exact
    squared, paired = (
        (errors**2).sum(1) / length**2,
        (errors * np.roll(errors, -1, axis=0)).sum(1) / length**2,
    )
    for i, estimate in enumerate(estimates):
        row = {
            "draw": first + i,
            "gradient_norm": length,
            "relative_squared_error": squared[i],
            "error_product": paired[i],
        }
        row |= {
            "norm_ratio": norms[i] / length,
            "cosine": along[i] / (norms[i] * length) if norms[i] else 0.0,
        }
        yield row | (
            dict(zip(("estimate_0", "estimate_1"), estimate, strict=True))
            if len(exact) == 2
            else {}
        )


def _moments(values: np.ndarray, exact: np.ndarray, chosen: np.ndarray) -> Iterator[Row]:
    """A row per coordinate. values: (draws, coordinates)."""
    mean = values.mean(axis=0)
    variance, fourth = (((values - mean) ** power).mean(axis=0) for power in (2, 4))
    for i, coordinate in enumerate(chosen):
        row = {
            "coordinate": int(coordinate),
            "gradient": exact[i],
            "mean": mean[i],
            "variance": variance[i],
        }
        yield row | {
            "draws": len(values),
            "kurtosis": fourth[i] / variance[i] ** 2 if variance[i] else None,
        }
