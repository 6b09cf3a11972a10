"""Computation along a sequence: rollouts, their derivatives, and estimates of its windows."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dirgrad.core import tree
from dirgrad.core.directions import vector_sampler
from dirgrad.core.recurrent import OnlineEstimator, Recurrent, SequencePosition
from dirgrad.core.types import (
    Array,
    Batch,
    Estimate,
    Estimator,
    Key,
    Ops,
    Params,
    Problem,
    VectorSampler,
)
from dirgrad.core.windows import Recursion


def rollout(ops: Ops, position: SequencePosition) -> tuple[Array, Params]:
    """Return the sum of the losses of the remaining steps () and the state after them."""

    def advance(carry: Any, x: Batch) -> tuple[Any, tuple[()]]:
        state, total = carry
        state, loss = position.problem.advance(ops, position.params, state, x)
        return (state, total + loss), ()

    zero = ops.zeros((), tree.first_leaf(position.params))
    carry = (position.state, zero)
    (state, total), _ = ops.scan(advance, carry, position.remaining)
    return total, state


def jvp_window(
    ops: Ops, position: SequencePosition, direction: Params, tangent: Params
) -> tuple[Array, Params, Array, Params]:
    """Differentiate the remaining steps in one forward-mode pass.

    Its memory does not depend on the number of steps.

    Args:
        ops: Operations of the framework.
        position: Start of the remaining steps.
        direction: Tangent of the parameters.
        tangent: Tangent of the state at the position. If it is the derivative of that state along
            `direction`, the slope is the full derivative of the losses along `direction`.

    Returns:
        The sum of the losses (), the state after the steps, the slope (), and the tangent of the
        state after the steps.
    """

    def rollout_from(params: Params, state: Params) -> tuple[Array, Params]:
        return rollout(ops, position._replace(params=params, state=state))

    primals = (position.params, position.state)
    tangents = (direction, tangent)
    (loss, state), (slope, next_tangent) = ops.jvp(rollout_from, primals, tangents)
    return loss, state, slope, next_tangent


def zero_tangents(ops: Ops, position: SequencePosition, first_axes: tuple[int, ...]) -> Params:
    """Return tangents of the state at the position that are 0: arrays (*first_axes, ...)."""

    def zero(leaf: Array) -> Array:
        return ops.zeros((*first_axes, *leaf.shape), leaf)

    return tree.map(zero, position.state)


def window_gradient(ops: Ops, position: SequencePosition) -> tuple[Array, Params, Params]:
    """Backpropagate through the remaining steps, with the state at the position held constant.

    Returns:
        The sum of the losses (), the state after the steps, and the gradient.
    """

    def rollout_with(params: Params) -> tuple[Array, Params]:
        return rollout(ops, position._replace(params=params))

    (loss, state), pull = ops.vjp(rollout_with, position.params)
    loss_cotangent = ops.zeros((), loss) + 1.0
    state_cotangent = tree.map(ops.zeros_like, state)
    (gradient,) = pull((loss_cotangent, state_cotangent))
    return loss, state, gradient


def num_windows(length: int, width: int | None) -> int:
    """Return the number of windows of `width` steps in a sequence; None is the whole sequence.

    Raises:
        NotImplementedError: The width does not divide the length.
    """
    count, rest = divmod(length, width or length)
    if rest:
        raise NotImplementedError(
            f"the window or segment of {width} steps does not divide the {length} remaining steps"
        )
    return count


def split_windows(observations: Batch, width: int) -> Batch:
    """Reshape arrays (T, ...) to (T / width, width, ...).

    Raises:
        NotImplementedError: The width does not divide T.
    """
    count = num_windows(observations[0].shape[0], width)
    return tuple(x.reshape(count, width, *x.shape[1:]) for x in observations)


class LinkedState(NamedTuple):
    """The state between two windows of a sequence.

    Attributes:
        index: Index of the next window: ().
        problem: State of the problem.
        estimator: State of the estimator.
    """

    index: Array
    problem: Params
    estimator: Any


def along_sequences(
    estimator: OnlineEstimator, ops: Ops, problem: Problem, key: Key, batch: Batch
) -> Recursion:
    """Return the estimates of a minibatch of sequences, one per window.

    Args:
        estimator: The estimator.
        ops: Operations of the framework.
        problem: The problem.
        key: Random key of the minibatch. Each window gets its own key, with the index of the
            window. The state before the first window gets the index after the last one.
        batch: Minibatch of sequences.

    Raises:
        NotImplementedError: The problem is not recurrent, or the window of the estimator does not
            divide its sequence.
    """
    recurrent = require_recurrent(problem)
    count = num_windows(recurrent.length, estimator.window)
    observations = recurrent.observations(ops, batch)
    window_sampler = window_directions(ops, estimator, key)

    def start(params: Params, estimator_state: Any) -> LinkedState:
        state = recurrent.initial_state(ops, params, batch)
        position = SequencePosition(recurrent, params, state, observations)
        draw = window_sampler(count)
        first = estimator.state_rule.start(ops, position, estimator_state, draw)
        return LinkedState(ops.arange(1)[0], state, first)

    def estimate(params: Params, state: LinkedState, window: Batch) -> tuple[Estimate, LinkedState]:
        index, problem_state, estimator_state = state
        position = SequencePosition(recurrent, params, problem_state, window)
        draw = window_sampler(index)
        result, *states = estimator.estimate_window(ops, position, estimator_state, draw)
        return result, LinkedState(index + 1, *states)

    def finish(state: LinkedState) -> Any:
        return estimator.state_rule.finish(state.estimator)

    windows = observations if count == 1 else split_windows(observations, recurrent.length // count)
    return Recursion(estimate, start, finish, windows, count)


def window_directions(ops: Ops, estimator: Estimator, key: Key) -> Callable[[Any], VectorSampler]:
    """Return the map from the index of a window to the sampler of its random vectors."""

    def sampler(index: Any) -> VectorSampler:
        return vector_sampler(ops, estimator.direction, ops.fold_in(key, index))  # type: ignore[arg-type]

    return sampler


def require_recurrent(problem: Problem) -> Recurrent:
    """Return `problem` if it is recurrent.

    Raises:
        NotImplementedError: The problem is not recurrent.
    """
    if isinstance(problem, Recurrent):
        return problem
    raise NotImplementedError("an online estimator needs a problem that processes sequences")
