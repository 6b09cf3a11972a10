"""One optimiser step, as a pure function of state, trial, index and minibatch; of an online estimator, one sequence."""

from typing import Any

import numpy as np

from dirgrad.core import criterion, sequences, tree
from dirgrad.core.recurrent import Online
from dirgrad.core.types import Array, Batch, Estimate, Estimator, Key, Ops, Optimizer, Params, Problem, Source, State, Step, Trial


def source(ops: Ops, estimator: Estimator, key: Key, params: Params) -> Source:
    """The directions of one step: the j-th is drawn from the j-th key when it is asked for."""
    return lambda j: estimator.direction.draw(ops, ops.fold_in(key, j), params)  # type: ignore[union-attr]


def estimate(ops: Ops, problem: Problem, estimator: Estimator | Online, key: Key, params: Params, batch: Batch) -> Estimate:
    """One estimate at these parameters; of an online estimator, the sum of those of its windows."""
    if not isinstance(estimator, Online):
        directions = source(ops, estimator, key, params)
        return estimator.estimate(ops, lambda p: criterion.loss(problem, ops, p, batch), params, directions)

    def add(so_far: tuple[Params, Params], found: Estimate) -> tuple[Params, Params]:
        return so_far[0], tree.axpy(ops, found.slope, found.vector, so_far[1])

    start, past = (params, tree.each(ops.zeros_like, params)), estimator.remember(ops, params)
    draws = sequences.window_directions(ops, estimator, key)
    (_, total), _, loss = sequences.travel(ops, sequences.require_recurrent(problem), estimator, batch, draws, add, start, past)
    return Estimate(loss, 1.0, total)


def begin(ops: Ops, estimator: Estimator | Online, optimizer: Optimizer, params: Params) -> State:
    """The state before the first step."""
    past = estimator.remember(ops, params) if isinstance(estimator, Online) else ()
    return State(params, optimizer.init(ops, params), past)


def make(ops: Ops, problem: Problem, estimator: Estimator | Online, optimizer: Optimizer, decay: float) -> Step:
    """estimate, then update, at the rate eta_i = eta_0 exp(-decay i) of step i (Baydin et al. 2022: decay = 1e-4). An online
    estimator goes along the minibatch's sequences, with an update after each of its windows."""

    def rate(trial: Trial, index: Array) -> Array:
        return trial.rate * ops.exp(-ops.constant(np.array(decay), trial.rate) * index)

    def at_once(state: State, trial: Trial, index: Array, batch: Batch) -> tuple[State, Array]:
        found = estimate(ops, problem, estimator, ops.fold_in(trial.key, index), state.params, batch)
        here = state.params if found.params is None else found.params
        params, memory = optimizer.update(ops, here, found, state.memory, rate(trial, index))
        return State(params, memory), found.loss

    if not isinstance(estimator, Online):
        return at_once

    def along(state: State, trial: Trial, index: Array, batch: Batch) -> tuple[State, Array]:
        now = rate(trial, index)

        def update(before: tuple[Params, Any], found: Estimate) -> tuple[Params, Any]:
            return optimizer.update(ops, before[0], found, before[1], now)

        draws = sequences.window_directions(ops, estimator, ops.fold_in(trial.key, index))
        end, past, loss = sequences.travel(
            ops, sequences.require_recurrent(problem), estimator, batch, draws, update, state[:2], state.past
        )
        return State(*end, past), loss

    return along
