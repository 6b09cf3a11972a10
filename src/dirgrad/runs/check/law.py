"""Moments of a law of directions, drawn in every installed framework."""

from collections.abc import Iterator, Sequence

import numpy as np

from dirgrad.core import closed_forms, tree
from dirgrad.core.types import Backend, Direction, Key, Params
from dirgrad.runs.check.findings import Z_BOUND, Finding
from dirgrad.runs.check.parity import placed
from dirgrad.runs.check.workloads import Linear
from dirgrad.runs.instruments.workload import random_key

DRAWS = 20_000
"""Number of directions."""


def law(backends: Sequence[Backend], direction: Direction) -> Iterator[Finding]:
    """Yield whether E[v v^T] = I in each framework, and whether a factored law draws factors."""
    for backend in backends:
        yield _second_moment(backend, direction)
    yield _factors(backends[0], direction)


def _second_moment(backend: Backend, direction: Direction) -> Finding:
    params, _ = placed(backend, Linear())
    v = _draw(backend, direction, params)
    products = v[:, :, None] * v[:, None, :]
    error = products.mean(axis=0) - np.eye(v.shape[1])
    # Products without variance have the standard error 0; the addend allows for their rounding.
    standard_error = products.std(axis=0) / DRAWS**0.5 + 1e-9
    z = float(np.abs(error / standard_error).max())
    failure = ""
    if not z <= Z_BOUND:
        row, column = np.unravel_index(np.abs(error / standard_error).argmax(), error.shape)
        mean, wanted = products.mean(axis=0)[row, column], float(row == column)
        failure = (
            f"E[v v^T] is not I ({backend.name}): an entry is {mean:.3g} and not {wanted:g}: "
            "scale the entries to mean square 1 and make them uncorrelated"
        )
    return Finding(f"E[v v^T] = I, |z| ({backend.name})", f"< {Z_BOUND:.2f}", z, failure=failure)


def _draw(backend: Backend, direction: Direction, params: Params) -> np.ndarray:
    """Return independent directions: (DRAWS, d)."""

    def draw(key: Key) -> Params:
        return tree.materialize(direction.draw(backend.ops, key, params))

    draw_lanes = backend.engine.vmap_trials(draw, (), DRAWS)
    vectors = draw_lanes(backend.engine.keys(np.arange(DRAWS)))
    leaves = [backend.engine.to_numpy(vectors[name]).reshape(DRAWS, -1) for name in params]
    return np.concatenate(leaves, axis=1)


def _factors(backend: Backend, direction: Direction) -> Finding:
    """Return whether the weights are outer products exactly if the law declares it."""
    params, _ = placed(backend, Linear())
    drawn = direction.draw(backend.ops, random_key(backend, 0), params)
    leaf = tree.materialize_deferred(drawn)["weight"]
    kinds = {True: "outer product", False: "array"}
    declared = kinds[closed_forms.is_factored(direction)]
    measured = kinds[isinstance(leaf, tree.OuterProduct)]
    failure = ""
    if declared != measured:
        failure = (
            f"a weight of the direction is an {measured}, and an {declared} is declared: "
            "correct `is_factored`"
        )
    return Finding("weights of a direction", declared, measured, failure=failure)
