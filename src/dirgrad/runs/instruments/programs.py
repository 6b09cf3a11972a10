"""What is measured of an estimator: the function alone, the estimate, the whole step, and what an estimate is made of."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps, tree
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import (
    Array,
    Backend,
    Batch,
    Compiled,
    Estimate,
    Estimator,
    Ops,
    Params,
    Trial,
)
from dirgrad.runs.instruments.workload import Workload, gradient, loss, random_key

RATE = 1e-6
"""The learning rate of the steps that are measured: they do not go anywhere."""


class Program(NamedTuple):
    """A function in the mathematics of a framework, and its arguments. renewed: so many of the first are given up to a call, whose
    first results take their place."""

    name: str
    build: Callable[[Ops], Callable[..., Any]]
    arguments: tuple[Any, ...]
    renewed: int = 0


def compile(backend: Backend, part: Program) -> tuple[Compiled, Callable[[], Any]]:
    """The part compiled, and a call of it: each goes on where the last has ended, as in a loop."""
    return _going_on(
        backend,
        part,
        backend.engine.compile(part.build(backend.ops), part.arguments, consumed=part.renewed),
    )


def compile_for_memory(backend: Backend, part: Program) -> tuple[Compiled, Callable[[], Any]]:
    """The same, compiled for a full account of its memory."""
    return _going_on(
        backend,
        part,
        backend.engine.compile_for_memory(
            part.build(backend.ops), part.arguments, consumed=part.renewed
        ),
    )


def eager(backend: Backend, part: Program) -> tuple[Compiled, Callable[[], Any]]:
    """The same, operator by operator."""
    return _going_on(backend, part, backend.engine.eager(part.build(backend.ops), part.arguments))


def _going_on(
    backend: Backend, part: Program, ready: Compiled
) -> tuple[Compiled, Callable[[], Any]]:
    here, same = backend.engine.copy(part.arguments[: part.renewed]), part.arguments[part.renewed :]

    def call() -> Any:
        nonlocal here
        found = ready.call(*here, *same)
        here = found[: part.renewed] if part.renewed else here
        return found

    return ready, call


def forward(about: Workload) -> Program:
    """The function without a derivative: inference."""
    return Program("forward", lambda ops: loss(ops, about.problem), (about.params, about.batch))


def estimate_and_step(
    backend: Backend, about: Workload, estimator: Estimator | OnlineEstimator
) -> Iterator[Program]:
    """`gradient`, the estimate with its direction drawn and its slope multiplied out; `step`, one of SGD."""
    one, rate = random_key(backend, 0), _rate(backend, about)
    yield Program(
        "gradient",
        lambda ops: gradient(ops, about.problem, estimator),
        (one, about.params, about.batch),
    )
    state = steps.initial_state(backend.ops, estimator, Sgd(), about.params)
    arguments = (state, Trial(one, rate), backend.ops.arange(1)[0], about.batch)
    yield Program(
        "step",
        lambda ops: steps.make_step(ops, about.problem, estimator, Sgd(), 0.0),
        arguments,
        renewed=1,
    )


def step_parts(
    backend: Backend, about: Workload, estimator: Estimator | OnlineEstimator
) -> Iterator[Program]:
    """`sampling`, `derivative` and `update`: what a step of one direction, or of none, is made of. With more directions, along a
    sequence, or where a direction is replayed, they alternate, and there is nothing to take apart."""
    if isinstance(estimator, OnlineEstimator) or estimator.num_directions > 1:
        return
    ops, one = backend.ops, random_key(backend, 0)
    direction = about.params
    if estimator.direction is not None:
        direction = steps.direction_sampler(ops, estimator, one, about.params)(0)
        if any(isinstance(leaf, tree.ReplayedArray) for leaf in direction.values()):
            return
        yield Program(
            "sampling",
            lambda ops: lambda key, like: steps.direction_sampler(ops, estimator, key, like)(0),
            (one, about.params),
        )

    def derivative(ops: Ops) -> Callable[[Params, Batch, Params], tuple[Array, ...]]:
        def of(params: Params, batch: Batch, v: Params) -> tuple[Array, ...]:
            found = estimator.estimate(
                ops, lambda p: loss(ops, about.problem)(p, batch), params, lambda _: v
            )
            # The direction itself would only be copied.
            return (
                (found.loss, found.scale)
                if estimator.direction is not None
                else (found.loss, found.vector)
            )

        return of

    yield Program("derivative", derivative, (about.params, about.batch, direction))
    slope, rate = (_rate(backend, about),) * 2
    yield Program("update", _update, (about.params, slope, direction, rate))


def _update(ops: Ops) -> Callable[[Params, Array, Params, Array], Params]:
    return lambda params, slope, vector, rate: Sgd().update(
        ops, params, Estimate(slope, slope, vector), (), rate
    )[0]


def _rate(backend: Backend, about: Workload) -> Array:
    return backend.ops.asarray(np.array(RATE, _dtype(backend, about)))


def _dtype(backend: Backend, about: Workload) -> np.dtype:
    return backend.engine.to_numpy(next(iter(about.params.values()))).dtype
