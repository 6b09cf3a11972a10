"""Updates of an optimizer: both frameworks, purity, factored estimates and a short training."""

from collections.abc import Iterator, Sequence

import numpy as np

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.core import tree
from dirgrad.core.types import Backend, Estimate, Optimizer, Params
from dirgrad.runs.check.findings import Finding
from dirgrad.runs.check.parity import TOLERANCE, Arrays, compare, placed, to_numpy
from dirgrad.runs.check.short_training import STEPS, final_losses, lowered
from dirgrad.runs.check.workloads import Linear

UPDATES = 3
"""Number of updates."""
RATE = 0.03
"""Learning rate."""


def updates(backends: Sequence[Backend], optimizer: Optimizer) -> Iterator[Finding]:
    """Yield the checks of an optimizer."""
    first = backends[0]
    name = "parameters after updates: difference of frameworks"
    yield compare(name, backends, lambda backend: _trajectory(backend, optimizer))
    yield _equal(
        "the same update twice: difference",
        _trajectory(first, optimizer),
        _trajectory(first, optimizer, repeated=True),
        "an update changes its arguments: return new arrays",
    )
    yield _equal(
        "factored estimate against its array: difference",
        _trajectory(first, optimizer),
        _trajectory(first, optimizer, factored=True),
        "a factored estimate is applied wrongly: use `tree.axpy`, or `tree.materialize` first",
    )
    losses = final_losses(first, Linear(), optimizer, {"backprop": Backprop()}, RATE)
    yield lowered(f"loss after {STEPS} steps of backprop", *losses["backprop"])


def _trajectory(
    backend: Backend, optimizer: Optimizer, factored: bool = False, repeated: bool = False
) -> Arrays:
    """Return the parameters after some updates by fixed estimates.

    Args:
        backend: The framework.
        optimizer: The optimizer.
        factored: Whether the estimates keep their weights as outer products.
        repeated: Whether each update is computed twice, and the first result is dropped.
    """
    ops = backend.ops
    params, _ = placed(backend, Linear())
    state = optimizer.init(ops, params)
    rate = ops.constant(np.array(RATE), params["bias"])
    for i in range(UPDATES):
        vector = _vector(backend, params, i)
        if not factored:
            vector = tree.materialize(vector)
        scale = ops.constant(np.array(0.5 + i), params["bias"])
        estimate = Estimate(scale, scale, vector)
        if repeated:
            optimizer.update(ops, params, estimate, state, rate)
        params, state = optimizer.update(ops, params, estimate, state, rate)
    return to_numpy(backend, params)


def _vector(backend: Backend, params: Params, seed: int) -> Params:
    """Return a fixed vector whose weight is an outer product."""
    rng = np.random.default_rng(seed)
    like = params["bias"]

    def normal(size: int) -> np.ndarray:
        return rng.standard_normal(size)

    rows, columns = params["weight"].shape
    weight = tree.OuterProduct(
        backend.ops.constant(normal(rows), like), backend.ops.constant(normal(columns), like)
    )
    return {"bias": backend.ops.constant(normal(3), like), "weight": weight}


def _equal(name: str, expected: Arrays, measured: Arrays, sentence: str) -> Finding:
    difference = max(float(np.abs(expected[key] - measured[key]).max()) for key in expected)
    failure = "" if difference <= TOLERANCE else sentence
    return Finding(name, f"< {TOLERANCE:g}", difference, failure=failure)
