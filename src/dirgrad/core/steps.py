"""One optimizer step, as a pure function of the state, the trial, the index and the minibatch.

A step processes one minibatch window by window. An estimator of a loss takes the whole minibatch as
its only window. For an online estimator a step is one whole sequence.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dirgrad.core import criterion, sequences, windows
from dirgrad.core.directions import jth_direction, vector_sampler
from dirgrad.core.recurrent import OnlineEstimator, no_state
from dirgrad.core.types import (
    Array,
    Batch,
    DirectionSampler,
    Estimate,
    Estimator,
    Key,
    LearningEstimator,
    Loss,
    LossEstimator,
    MinibatchEstimator,
    Ops,
    Optimizer,
    Params,
    Problem,
    State,
    Step,
    Trial,
)
from dirgrad.core.windows import Recursion, Update

StatefulEstimate: TypeAlias = Callable[[Ops, Loss, Params, Any, Key], tuple[Estimate, Any]]
"""Map (ops, loss, params, state, key) -> (estimate, next state)."""


class WindowedEstimator(NamedTuple):
    """An estimator of either protocol, as a step uses it.

    Attributes:
        init: Map (ops, params) -> state of the estimator before the first minibatch.
        recursion: Map (ops, problem, key, batch) -> estimates of the minibatch.
    """

    init: Callable[[Ops, Params], Any]
    recursion: Callable[[Ops, Problem, Key, Batch], Recursion]


def windowed(estimator: Estimator) -> WindowedEstimator:
    """Return the estimator in the form that a step uses.

    Raises:
        TypeError: The estimator has no method that estimates.
    """
    if isinstance(estimator, LearningEstimator):
        recursion = partial(_whole_minibatch, estimator.estimate_and_learn)
        return WindowedEstimator(estimator.init_state, recursion)
    if isinstance(estimator, LossEstimator):
        recursion = partial(_whole_minibatch, partial(_keep_state, estimator))
        return WindowedEstimator(no_state, recursion)
    if isinstance(estimator, MinibatchEstimator):
        recursion = partial(_with_examples, estimator)
        return WindowedEstimator(no_state, recursion)
    if isinstance(estimator, OnlineEstimator):
        along_sequences = partial(sequences.along_sequences, estimator)
        return WindowedEstimator(estimator.state_rule.init, along_sequences)
    raise TypeError(
        f"{estimator} needs a method `estimate`, `estimate_minibatch` or `estimate_window`"
    )


def _whole_minibatch(
    estimate: StatefulEstimate, ops: Ops, problem: Problem, key: Key, batch: Batch
) -> Recursion:
    """Return the estimate of a minibatch as its only window, with the state that it updates."""

    def loss(params: Params) -> Array:
        return criterion.loss(problem, ops, params, batch)

    return Recursion(lambda params, state, _: estimate(ops, loss, params, state, key))


def _with_examples(
    estimator: MinibatchEstimator, ops: Ops, problem: Problem, key: Key, batch: Batch
) -> Recursion:
    """Return the estimate of an estimator that needs the examples, with the minibatch as window."""
    draw = vector_sampler(ops, estimator.direction, key)  # type: ignore[arg-type]

    def estimate(params: Params, state: Any, _: Any) -> tuple[Estimate, Any]:
        return estimator.estimate_minibatch(ops, problem, params, batch, draw), state

    return Recursion(estimate)


def _keep_state(
    estimator: LossEstimator, ops: Ops, loss: Loss, params: Params, state: Any, key: Key
) -> tuple[Estimate, Any]:
    """Return the estimate of an estimator without a state, and the state as it is."""
    sampler = direction_sampler(ops, estimator, key, params)
    return estimator.estimate(ops, loss, params, sampler), state


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
    estimator: Estimator,
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
    init, recursion = windowed(estimator)
    minibatch = recursion(ops, problem, key, batch)
    return windows.sum_of_estimates(ops, minibatch, params, init(ops, params))


def initial_state(
    ops: Ops,
    estimator: Estimator,
    optimizer: Optimizer,
    params: Params,
) -> State:
    """Return the state before the first step."""
    estimator_state = windowed(estimator).init(ops, params)
    return State(params, optimizer.init(ops, params), estimator_state)


def make_step(
    ops: Ops,
    problem: Problem,
    estimator: Estimator,
    optimizer: Optimizer,
    decay: float,
) -> Step:
    """Return the step that updates the parameters after each window of the minibatch.

    Args:
        ops: Operations of the framework.
        problem: The problem.
        estimator: The estimator.
        optimizer: The optimizer.
        decay: Decay of the learning rate, which is eta_0 exp(-decay i) in step i. Baydin et al.
            2022 use 1e-4.
    """
    recursion = windowed(estimator).recursion

    def step(state: State, trial: Trial, index: Array, batch: Batch) -> tuple[State, Array]:
        def make_update() -> Update:
            eta = _decayed_rate(ops, trial, index, decay)

            def update(pair: tuple[Params, Any], g: Estimate) -> tuple[Params, Any]:
                params, optimizer_state = pair
                params = params if g.params is None else g.params
                return optimizer.update(ops, params, g, optimizer_state, eta)

            return update

        minibatch = recursion(ops, problem, ops.fold_in(trial.key, index), batch)
        start = (state.params, state.optimizer_state)
        (params, optimizer_state), estimator_state, loss = windows.run_windows(
            ops, minibatch, make_update, start, state.estimator_state
        )
        return State(params, optimizer_state, estimator_state), loss

    return step


def _decayed_rate(ops: Ops, trial: Trial, index: Array, decay: float) -> Array:
    if decay == 0:
        return trial.learning_rate
    decay_array = ops.constant(np.array(decay), trial.learning_rate)
    return trial.learning_rate * ops.exp(-decay_array * index)
