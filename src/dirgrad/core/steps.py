"""One optimiser step, as a pure function of state, trial, index and minibatch; of an online estimator, one sequence."""

from typing import Any

import numpy as np

from dirgrad.core import criterion, sequences, tree
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import (
    Array,
    Batch,
    DirectionSampler,
    Estimate,
    Estimator,
    Key,
    Ops,
    Optimizer,
    Params,
    Problem,
    State,
    Step,
    Trial,
)


def direction_sampler(ops: Ops, estimator: Estimator, key: Key, params: Params) -> DirectionSampler:
    """The directions of one step: the j-th is drawn from the j-th key when it is asked for."""
    return lambda j: estimator.direction.draw(ops, ops.fold_in(key, j), params)  # type: ignore[union-attr]


def estimate(
    ops: Ops,
    problem: Problem,
    estimator: Estimator | OnlineEstimator,
    key: Key,
    params: Params,
    batch: Batch,
) -> Estimate:
    """One estimate at these parameters; of an online estimator, the sum of those of its windows."""
    if not isinstance(estimator, OnlineEstimator):
        directions = direction_sampler(ops, estimator, key, params)
        return estimator.estimate(
            ops, lambda p: criterion.loss(problem, ops, p, batch), params, directions
        )

    def add(so_far: tuple[Params, Params], found: Estimate) -> tuple[Params, Params]:
        return so_far[0], tree.axpy(ops, found.scale, found.vector, so_far[1])

    start, past = (params, tree.map(ops.zeros_like, params)), estimator.init(ops, params)
    draws = sequences.window_directions(ops, estimator, key)
    (_, total), _, loss = sequences.run_windows(
        ops, sequences.require_recurrent(problem), estimator, batch, draws, add, start, past
    )
    return Estimate(loss, 1.0, total)


def initial_state(
    ops: Ops, estimator: Estimator | OnlineEstimator, optimizer: Optimizer, params: Params
) -> State:
    """The state before the first step."""
    past = estimator.init(ops, params) if isinstance(estimator, OnlineEstimator) else ()
    return State(params, optimizer.init(ops, params), past)


def make_step(
    ops: Ops,
    problem: Problem,
    estimator: Estimator | OnlineEstimator,
    optimizer: Optimizer,
    decay: float,
) -> Step:
    """estimate, then update, at the rate eta_i = eta_0 exp(-decay i) of step i (Baydin et al. 2022: decay = 1e-4). An online
    estimator goes along the minibatch's sequences, with an update after each of its windows."""

    def rate(trial: Trial, index: Array) -> Array:
        return trial.learning_rate * ops.exp(
            -ops.constant(np.array(decay), trial.learning_rate) * index
        )

    def at_once(state: State, trial: Trial, index: Array, batch: Batch) -> tuple[State, Array]:
        found = estimate(
            ops, problem, estimator, ops.fold_in(trial.key, index), state.params, batch
        )
        here = state.params if found.params is None else found.params
        params, memory = optimizer.update(
            ops, here, found, state.optimizer_state, rate(trial, index)
        )
        return State(params, memory), found.loss

    if not isinstance(estimator, OnlineEstimator):
        return at_once

    def along(state: State, trial: Trial, index: Array, batch: Batch) -> tuple[State, Array]:
        now = rate(trial, index)

        def update(before: tuple[Params, Any], found: Estimate) -> tuple[Params, Any]:
            return optimizer.update(ops, before[0], found, before[1], now)

        draws = sequences.window_directions(ops, estimator, ops.fold_in(trial.key, index))
        end, past, loss = sequences.run_windows(
            ops,
            sequences.require_recurrent(problem),
            estimator,
            batch,
            draws,
            update,
            state[:2],
            state.estimator_state,
        )
        return State(*end, past), loss

    return along
