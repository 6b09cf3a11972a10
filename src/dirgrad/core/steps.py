"""One optimizer step, as a pure function of the state, the trial, the index and the minibatch.

A step of an online estimator processes one sequence.
"""

from typing import Any

import numpy as np

from dirgrad.core import criterion, sequences, tree
from dirgrad.core.directions import jth_direction
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
    """Return the sampler of the directions of one step.

    Each call draws the j-th direction of the estimate whose key is `key`.
    """

    def draw(j: Any) -> Params:
        return jth_direction(ops, estimator.direction, key, j, params)  # type: ignore[arg-type]

    return draw


def estimate(
    ops: Ops,
    problem: Problem,
    estimator: Estimator | OnlineEstimator,
    key: Key,
    params: Params,
    batch: Batch,
) -> Estimate:
    """Return one estimate of the gradient of the minibatch loss at `params`.

    For an online estimator it is the sum of the estimates of all windows at these parameters.

    Args:
        ops: Operations of the framework.
        problem: The problem.
        estimator: The estimator.
        key: Random key of the estimate.
        params: Parameters. Every leaf is an array.
        batch: Minibatch.

    Raises:
        NotImplementedError: The estimator is online and the problem is not recurrent.
    """
    if isinstance(estimator, OnlineEstimator):
        return _sum_over_windows(ops, problem, estimator, key, params, batch)

    def loss(params: Params) -> Array:
        return criterion.loss(problem, ops, params, batch)

    sampler = direction_sampler(ops, estimator, key, params)
    return estimator.estimate(ops, loss, params, sampler)


def _sum_over_windows(
    ops: Ops,
    problem: Problem,
    estimator: OnlineEstimator,
    key: Key,
    params: Params,
    batch: Batch,
) -> Estimate:
    def add(carry: tuple[Params, Params], estimate: Estimate) -> tuple[Params, Params]:
        params, total = carry
        return params, tree.axpy(ops, estimate.scale, estimate.vector, total)

    (_, total), _, loss = sequences.run_windows(
        ops,
        sequences.require_recurrent(problem),
        estimator,
        batch,
        window_sampler=sequences.window_directions(ops, estimator, key),
        update=add,
        start=(params, tree.map(ops.zeros_like, params)),
        estimator_state=estimator.init(ops, params),
    )
    return Estimate(loss, 1.0, total)


def initial_state(
    ops: Ops,
    estimator: Estimator | OnlineEstimator,
    optimizer: Optimizer,
    params: Params,
) -> State:
    """Return the state before the first step."""
    estimator_state: Any = ()
    if isinstance(estimator, OnlineEstimator):
        estimator_state = estimator.init(ops, params)
    return State(params, optimizer.init(ops, params), estimator_state)


def make_step(
    ops: Ops,
    problem: Problem,
    estimator: Estimator | OnlineEstimator,
    optimizer: Optimizer,
    decay: float,
) -> Step:
    """Return the step that estimates the gradient and then updates the parameters.

    An online estimator updates the parameters after each window of the minibatch's sequences.

    Args:
        ops: Operations of the framework.
        problem: The problem.
        estimator: The estimator.
        optimizer: The optimizer.
        decay: Decay of the learning rate, which is eta_0 exp(-decay i) in step i. Baydin et al.
            2022 use 1e-4.
    """
    if isinstance(estimator, OnlineEstimator):
        return _online_step(ops, problem, estimator, optimizer, decay)

    def step(state: State, trial: Trial, index: Array, batch: Batch) -> tuple[State, Array]:
        key = ops.fold_in(trial.key, index)
        g = estimate(ops, problem, estimator, key, state.params, batch)
        params = state.params if g.params is None else g.params
        eta = _decayed_rate(ops, trial, index, decay)
        params, optimizer_state = optimizer.update(ops, params, g, state.optimizer_state, eta)
        return State(params, optimizer_state), g.loss

    return step


def _online_step(
    ops: Ops,
    problem: Problem,
    estimator: OnlineEstimator,
    optimizer: Optimizer,
    decay: float,
) -> Step:
    def step(state: State, trial: Trial, index: Array, batch: Batch) -> tuple[State, Array]:
        eta = _decayed_rate(ops, trial, index, decay)

        def update(carry: tuple[Params, Any], g: Estimate) -> tuple[Params, Any]:
            params, optimizer_state = carry
            return optimizer.update(ops, params, g, optimizer_state, eta)

        key = ops.fold_in(trial.key, index)
        (params, optimizer_state), estimator_state, loss = sequences.run_windows(
            ops,
            sequences.require_recurrent(problem),
            estimator,
            batch,
            window_sampler=sequences.window_directions(ops, estimator, key),
            update=update,
            start=(state.params, state.optimizer_state),
            estimator_state=state.estimator_state,
        )
        return State(params, optimizer_state, estimator_state), loss

    return step


def _decayed_rate(ops: Ops, trial: Trial, index: Array, decay: float) -> Array:
    decay_array = ops.constant(np.array(decay), trial.learning_rate)
    return trial.learning_rate * ops.exp(-decay_array * index)
