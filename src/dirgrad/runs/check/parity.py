"""Equality of both frameworks: the same parameters, minibatch and directions go to both."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from dirgrad.core import criterion, sequences, tree
from dirgrad.core.recurrent import OnlineEstimator, SequencePosition
from dirgrad.core.types import (
    Array,
    Backend,
    DirectionSampler,
    Estimator,
    LossEstimator,
    MinibatchEstimator,
    Ops,
    Params,
    Problem,
    VectorSampler,
)
from dirgrad.runs.check.findings import Finding
from dirgrad.runs.check.workloads import RUN, small_problem
from dirgrad.runs.training import trials

TOLERANCE = 1e-8
"""Largest difference in float64, relative to the norm."""
EXAMPLES = 8
"""Number of examples of a minibatch."""

Arrays = dict[str, np.ndarray]


def parity(backends: Sequence[Backend], estimator: Estimator) -> Iterator[Finding]:
    """Yield the largest difference between the estimates of both frameworks."""
    problem = small_problem(estimator)
    yield compare(
        "estimate, same directions: difference of frameworks",
        backends,
        lambda backend: estimate(backend, problem, estimator),
    )


def compare(name: str, backends: Sequence[Backend], values: Callable[[Backend], Arrays]) -> Finding:
    """Return the largest difference between the values of the frameworks, relative to their norm.

    Args:
        name: What the values are.
        backends: The installed frameworks.
        values: Map from a framework to arrays in float64.
    """
    if len(backends) < 2:
        return Finding(name, None, "one framework", decides=False)
    first, second = (values(backend) for backend in backends)
    norm = sum(float((leaf**2).sum()) for leaf in first.values()) ** 0.5 or 1.0
    difference = max(float(np.abs(first[key] - second[key]).max()) for key in first) / norm
    failure = ""
    if not difference <= TOLERANCE:
        names = " and ".join(backend.name for backend in backends)
        failure = (
            f"{names} differ by {difference:.2g} of the norm ({name}): "
            "use the operations of `ops` only"
        )
    return Finding(name, f"< {TOLERANCE:g}", difference, failure=failure)


def estimate(backend: Backend, problem: Problem, estimator: Estimator) -> Arrays:
    """Return an estimate along fixed directions, which do not depend on the framework."""
    params, batch = placed(backend, problem)
    ops = backend.ops
    if isinstance(estimator, OnlineEstimator):
        return to_numpy(backend, _sum_of_windows(ops, problem, estimator, params, batch))
    if isinstance(estimator, MinibatchEstimator):
        draw = _vector_sampler(ops, estimator.num_directions)
        result = estimator.estimate_minibatch(ops, problem, params, batch, draw)
        return to_numpy(backend, tree.scale(result.scale, result.vector))
    if not isinstance(estimator, LossEstimator):
        raise TypeError(
            f"{estimator} needs a method `estimate`, `estimate_minibatch` or `estimate_window`"
        )

    def loss(params: Params) -> Array:
        return criterion.loss(problem, ops, params, batch)

    sampler = _sampler(ops, estimator.num_directions, params)
    result = estimator.estimate(ops, loss, params, sampler)
    return to_numpy(backend, tree.scale(result.scale, result.vector))


def placed(backend: Backend, problem: Problem) -> tuple[Params, Any]:
    """Return the initial parameters of seed 0 and its first minibatch in a framework."""
    arrays = trials.initial_params(problem, 0, RUN.precision)
    splits = trials.load_splits(problem, RUN)
    count = len(splits.train[0]) if splits.train else 0
    (rows,) = trials.minibatch_rows(0, 1, count, EXAMPLES)
    params = {name: backend.ops.asarray(arrays[name]) for name in sorted(arrays)}
    return params, tuple(backend.ops.asarray(array[rows]) for array in splits.train)


def to_numpy(backend: Backend, params: Params) -> Arrays:
    """Return every leaf as an array in float64."""
    leaves = tree.materialize(params)
    return {name: backend.engine.to_numpy(leaf).astype(float) for name, leaf in leaves.items()}


def _sampler(ops: Ops, count: int, like: Params) -> DirectionSampler:
    """Return the sampler of `count` normal vectors of a fixed seed."""
    rng = np.random.default_rng(1)
    stacks = {
        name: ops.constant(rng.standard_normal((max(count, 1), *leaf.shape)), leaf)
        for name, leaf in like.items()
    }
    return lambda j: {name: stack[j] for name, stack in stacks.items()}


def _vector_sampler(ops: Ops, count: int) -> VectorSampler:
    """Return the map (j, like) -> j-th normal vector of a fixed seed."""
    return lambda j, like: _sampler(ops, count, like)(j)


def _sum_of_windows(
    ops: Ops, problem: Problem, estimator: OnlineEstimator, params: Params, batch: Any
) -> Params:
    """Return the sum of the estimates of all windows of a sequence, at the same parameters."""
    recurrent = sequences.require_recurrent(problem)
    count = sequences.num_windows(recurrent.length, estimator.window)
    width = recurrent.length // count
    observations = recurrent.observations(ops, batch)
    draws = max(estimator.num_directions, recurrent.length)

    def window_sampler(window: int) -> VectorSampler:
        def draw(j: Any, like: Params) -> Params:
            return _sampler(ops, (count + 1) * draws, like)(window * draws + j)

        return draw

    state = recurrent.initial_state(ops, params, batch)
    position = SequencePosition(recurrent, params, state, observations)
    init, start, _ = estimator.state_rule
    estimator_state = start(ops, position, init(ops, params), window_sampler(count))
    total = tree.map(ops.zeros_like, params)
    for window in range(count):
        first = window * width
        remaining = tuple(leaf[first : first + width] for leaf in observations)
        position = position._replace(state=state, remaining=remaining)
        result, state, estimator_state = estimator.estimate_window(
            ops, position, estimator_state, window_sampler(window)
        )
        total = tree.axpy(ops, result.scale, result.vector, total)
    return total
