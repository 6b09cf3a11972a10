"""What is measured of an estimator: the function alone, the estimate, the whole step, and what an estimate is made of."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps, tree
from dirgrad.core.recurrent import Online
from dirgrad.core.types import Array, Backend, Batch, Estimate, Estimator, Ops, Params, Prepared, Trial
from dirgrad.runs.instruments.workload import Subject, gradient, key, loss

RATE = 1e-6
"""The learning rate of the steps that are measured: they do not go anywhere."""


class Part(NamedTuple):
    """A function in the mathematics of a framework, and its arguments. renewed: so many of the first are given up to a call, whose
    first results take their place."""

    name: str
    build: Callable[[Ops], Callable[..., Any]]
    arguments: tuple[Any, ...]
    renewed: int = 0


def prepared(backend: Backend, part: Part) -> tuple[Prepared, Callable[[], Any]]:
    """The part compiled, and a call of it: each goes on where the last has ended, as in a loop."""
    return _going_on(backend, part, backend.engine.prepare(part.build(backend.ops), part.arguments, consumed=part.renewed))


def accounted(backend: Backend, part: Part) -> tuple[Prepared, Callable[[], Any]]:
    """The same, compiled for a full account of its memory."""
    return _going_on(backend, part, backend.engine.accounted(part.build(backend.ops), part.arguments, consumed=part.renewed))


def as_it_is(backend: Backend, part: Part) -> tuple[Prepared, Callable[[], Any]]:
    """The same, operator by operator."""
    return _going_on(backend, part, backend.engine.as_it_is(part.build(backend.ops), part.arguments))


def _going_on(backend: Backend, part: Part, ready: Prepared) -> tuple[Prepared, Callable[[], Any]]:
    here, same = backend.engine.copy(part.arguments[: part.renewed]), part.arguments[part.renewed :]

    def call() -> Any:
        nonlocal here
        found = ready.call(*here, *same)
        here = found[: part.renewed] if part.renewed else here
        return found

    return ready, call


def alone(about: Subject) -> Part:
    """The function without a derivative: inference."""
    return Part("forward", lambda ops: loss(ops, about.problem), (about.params, about.batch))


def whole(backend: Backend, about: Subject, estimator: Estimator | Online) -> Iterator[Part]:
    """`gradient`, the estimate with its direction drawn and its slope multiplied out; `step`, one of SGD."""
    one, rate = key(backend, 0), _rate(backend, about)
    yield Part("gradient", lambda ops: gradient(ops, about.problem, estimator), (one, about.params, about.batch))
    state = steps.begin(backend.ops, estimator, Sgd(), about.params)
    arguments = (state, Trial(one, rate), backend.ops.counter(1)[0], about.batch)
    yield Part("step", lambda ops: steps.make(ops, about.problem, estimator, Sgd(), 0.0), arguments, renewed=1)


def pieces(backend: Backend, about: Subject, estimator: Estimator | Online) -> Iterator[Part]:
    """`sampling`, `derivative` and `update`: what a step of one direction, or of none, is made of. With more directions, along a
    sequence, or where a direction is replayed, they alternate, and there is nothing to take apart."""
    if isinstance(estimator, Online) or estimator.directions_k > 1:
        return
    ops, one = backend.ops, key(backend, 0)
    direction = about.params
    if estimator.direction is not None:
        direction = steps.source(ops, estimator, one, about.params)(0)
        if any(isinstance(leaf, tree.Replayed) for leaf in direction.values()):
            return
        yield Part("sampling", lambda ops: lambda key, like: steps.source(ops, estimator, key, like)(0), (one, about.params))

    def derivative(ops: Ops) -> Callable[[Params, Batch, Params], tuple[Array, ...]]:
        def of(params: Params, batch: Batch, v: Params) -> tuple[Array, ...]:
            found = estimator.estimate(ops, lambda p: loss(ops, about.problem)(p, batch), params, lambda _: v)
            # The direction itself would only be copied.
            return (found.loss, found.slope) if estimator.direction is not None else (found.loss, found.vector)

        return of

    yield Part("derivative", derivative, (about.params, about.batch, direction))
    slope, rate = (_rate(backend, about),) * 2
    yield Part("update", _update, (about.params, slope, direction, rate))


def _update(ops: Ops) -> Callable[[Params, Array, Params, Array], Params]:
    return lambda params, slope, vector, rate: Sgd().update(ops, params, Estimate(slope, slope, vector), (), rate)[0]


def _rate(backend: Backend, about: Subject) -> Array:
    return backend.ops.asarray(np.array(RATE, _dtype(backend, about)))


def _dtype(backend: Backend, about: Subject) -> np.dtype:
    return backend.engine.numpy(next(iter(about.params.values()))).dtype
