"""Programs that instruments measure: the loss, a gradient estimate, a step and its parts."""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps, tree
from dirgrad.core.directions import GroupDirection, shapes
from dirgrad.core.perturbation import derivative_along_part
from dirgrad.core.types import (
    Array,
    Backend,
    Batch,
    Compiled,
    Estimate,
    Estimator,
    Key,
    LossEstimator,
    Ops,
    Params,
    Step,
    Trial,
)
from dirgrad.runs.instruments import turns
from dirgrad.runs.instruments.workload import Workload, gradient, loss, random_key

RATE = 1e-6
"""Learning rate of the measured steps; so small that the parameters hardly change."""

Prepared: TypeAlias = tuple[Compiled, Callable[[], Any]]
"""A compiled program and a function that calls it."""


class Program(NamedTuple):
    """A function to measure, with its arguments.

    Attributes:
        name: name of the program, as in the column `part` of the cost records.
        build: returns the function, given the operations of a framework.
        arguments: arguments of the first call.
        num_renewed: number of leading arguments that a call consumes. As many leading results of
            the call replace them in the next call.
        in_turn: values of the other arguments that the calls take in turn; () if they are constant.
        costs_differ: whether the cost of a call depends on its turn. A time is then the mean over
            all turns.
        branch_probabilities: probabilities of the branches among which the function chooses at
            random. Its counts are means with these probabilities; equal if empty.
    """

    name: str
    build: Callable[[Ops], Callable[..., Any]]
    arguments: tuple[Any, ...]
    num_renewed: int = 0
    in_turn: tuple[tuple[Any, ...], ...] = ()
    costs_differ: bool = False
    branch_probabilities: tuple[float, ...] = ()


def compile(backend: Backend, program: Program) -> Prepared:
    """Compile a program; return it with a function that calls it.

    Each call continues from the results of the last one, as a training loop does.
    """
    f = program.build(backend.ops)
    compiled = backend.engine.compile(
        f, program.arguments, program.num_renewed, program.branch_probabilities
    )
    return compiled, _repeated_call(backend, program, compiled)


def compile_for_memory(backend: Backend, program: Program) -> Prepared:
    """Compile a program so that every buffer is counted; otherwise like `compile`."""
    f = program.build(backend.ops)
    compiled = backend.engine.compile_for_memory(
        f, program.arguments, program.num_renewed, program.branch_probabilities
    )
    return compiled, _repeated_call(backend, program, compiled)


def eager(backend: Backend, program: Program) -> Prepared:
    """Prepare a program to run operator by operator; otherwise like `compile`."""
    f = program.build(backend.ops)
    compiled = backend.engine.eager(f, program.arguments, program.branch_probabilities)
    return compiled, _repeated_call(backend, program, compiled)


def _repeated_call(backend: Backend, program: Program, compiled: Compiled) -> Callable[[], Any]:
    # A call may overwrite the arguments it consumes, so they are copied.
    renewed = backend.engine.copy(program.arguments[: program.num_renewed])
    others = cycle(program.in_turn or [program.arguments[program.num_renewed :]])

    def call() -> Any:
        nonlocal renewed
        results = compiled.call(*renewed, *next(others))
        renewed = results[: program.num_renewed] if program.num_renewed else renewed
        return results

    return call


def calls_in_round(program: Program, fitting: float) -> int:
    """Return the number of calls in a round of a program, near a number that fits into the round.

    It is at least 1, and a whole multiple of the turns if their costs differ.
    """
    turns = len(program.in_turn) if program.costs_differ else 1
    return turns * max(1, round(fitting / turns))


def forward(workload: Workload) -> Program:
    """Return the program `forward`: the loss without a derivative (inference)."""

    def build(ops: Ops) -> Callable[[Params, Batch], Array]:
        return loss(ops, workload.problem)

    return Program("forward", build, (workload.params, workload.batch))


def estimate_and_step(
    backend: Backend,
    workload: Workload,
    estimator: Estimator,
    indices: Sequence[int] = range(turns.MOST),
) -> Iterator[Program]:
    """Yield the programs `gradient` and `step`.

    `gradient` is one estimate, with its directions drawn and the scale multiplied in. `step` is
    one step of SGD. The calls of both take the steps with these indices in turn, because the cost
    may depend on the directions.

    Raises:
        NotImplementedError: The parameters do not fit the options of the law.
    """
    ops, params, batch = backend.ops, workload.params, workload.batch
    trial = Trial(random_key(backend, turns.SEED), _rate(backend, workload))
    all_indices = ops.arange(max(indices) + 1)
    steps_in_turn = [all_indices[i] for i in indices]
    costs_differ = turns.costs_differ(estimator)
    probabilities = turns.group_probabilities(estimator, params)

    def build_gradient(ops: Ops) -> Callable[[Key, Params, Batch], Params]:
        return gradient(ops, workload.problem, estimator)

    in_turn = tuple((ops.fold_in(trial.key, i), params, batch) for i in steps_in_turn)
    yield Program("gradient", build_gradient, in_turn[0], 0, in_turn, costs_differ, probabilities)

    def build_step(ops: Ops) -> Step:
        return steps.make_step(ops, workload.problem, estimator, Sgd(), 0.0)

    state = steps.initial_state(ops, estimator, Sgd(), params)
    in_turn = tuple((trial, index, batch) for index in steps_in_turn)
    arguments = (state, *in_turn[0])
    yield Program("step", build_step, arguments, 1, in_turn, costs_differ, probabilities)


def step_parts(backend: Backend, workload: Workload, estimator: Estimator) -> Iterator[Program]:
    """Yield the parts of a step with at most one direction: `sampling`, `derivative`, `update`.

    An estimator without directions has no `sampling`. Nothing is yielded for online estimators,
    several directions or replayed directions, because their parts alternate within a step, nor for
    directions on one layer, which decide what their step computes.
    """
    if not isinstance(estimator, LossEstimator) or estimator.num_directions > 1:
        return
    key, params = random_key(backend, 0), workload.params
    direction = params
    if estimator.direction is not None:
        direction = steps.direction_sampler(backend.ops, estimator, key, params)(0)
        if any(isinstance(leaf, tree.Deferred) for leaf in direction.values()):
            return
        yield _sampling(estimator, key, params)
    yield _derivative(workload, estimator, direction)
    rate = _rate(backend, workload)
    # The time of an update does not depend on the slope, so the rate stands in for it.
    slope = rate
    yield Program("update", _build_update, (params, slope, direction, rate))


def group_derivatives(
    backend: Backend, workload: Workload, law: GroupDirection
) -> Iterator[tuple[float, Program]]:
    """Yield the probability of each group, and the program of the loss and a derivative there.

    Raises:
        NotImplementedError: The parameters do not fit the options of the law.
    """
    params, batch = workload.params, workload.batch
    direction = law.draw(backend.ops, random_key(backend, 0), params)
    groups = law.groups(shapes(params))
    for i, group in enumerate(groups):
        v = tree.group(direction, i)

        def build(ops: Ops, v: Params = v) -> Callable[[Params, Batch], tuple[Array, Array]]:
            f = loss(ops, workload.problem)
            return lambda params, batch: derivative_along_part(
                ops, lambda p: f(p, batch), params, v
            )

        yield group.probability, Program("derivative", build, (params, batch))


def _sampling(estimator: Estimator, key: Key, params: Params) -> Program:
    def build(ops: Ops) -> Callable[[Key, Params], Params]:
        return lambda key, like: steps.direction_sampler(ops, estimator, key, like)(0)

    return Program("sampling", build, (key, params))


def _derivative(workload: Workload, estimator: LossEstimator, direction: Params) -> Program:
    def build(ops: Ops) -> Callable[[Params, Batch, Params], tuple[Array, ...]]:
        f = loss(ops, workload.problem)

        def derivative(params: Params, batch: Batch, v: Params) -> tuple[Array, ...]:
            estimate = estimator.estimate(ops, lambda p: f(p, batch), params, lambda _: v)
            # With a direction the vector is v, and returning it would only add a copy.
            if estimator.direction is not None:
                return estimate.loss, estimate.scale
            return estimate.loss, estimate.vector

        return derivative

    return Program("derivative", build, (workload.params, workload.batch, direction))


def _build_update(ops: Ops) -> Callable[[Params, Array, Params, Array], Params]:
    def update(params: Params, slope: Array, vector: Params, rate: Array) -> Params:
        estimate = Estimate(slope, slope, vector)
        return Sgd().update(ops, params, estimate, (), rate)[0]

    return update


def _rate(backend: Backend, workload: Workload) -> Array:
    leaf = next(iter(workload.params.values()))
    dtype = backend.engine.to_numpy(leaf).dtype
    return backend.ops.asarray(np.array(RATE, dtype))
