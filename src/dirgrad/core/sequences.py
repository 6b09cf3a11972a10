"""Computation along a sequence: rollouts, their derivatives, and the loop over windows."""

from collections.abc import Callable
from typing import Any, TypeVar

from dirgrad.core import tree
from dirgrad.core.directions import jth_direction
from dirgrad.core.recurrent import OnlineEstimator, Recurrent, SequencePosition, VectorSampler
from dirgrad.core.types import Array, Batch, Estimate, Key, Ops, Params, Problem

T = TypeVar("T")


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


def split_windows(observations: Batch, width: int) -> Batch:
    """Reshape arrays (T, ...) to (T / width, width, ...).

    Raises:
        NotImplementedError: The width does not divide T.
    """
    steps = observations[0].shape[0]
    if steps % width:
        raise NotImplementedError(
            f"the window or segment of {width} steps does not divide the {steps} remaining steps"
        )
    num_windows = steps // width
    return tuple(x.reshape(num_windows, width, *x.shape[1:]) for x in observations)


def run_windows(
    ops: Ops,
    problem: Recurrent,
    estimator: OnlineEstimator,
    batch: Batch,
    window_sampler: Callable[[Any], VectorSampler],
    update: Callable[[tuple[Params, T], Estimate], tuple[Params, T]],
    start: tuple[Params, T],
    estimator_state: Any,
) -> tuple[tuple[Params, T], Any, Array]:
    """Process a sequence window by window, with one estimate and one update per window.

    Args:
        ops: Operations of the framework.
        problem: The problem.
        estimator: The estimator.
        batch: Minibatch of sequences.
        window_sampler: Map from the index of a window to its sampler. The index after the last
            window is for `estimator.start`.
        update: Map ((params, extra), estimate) -> next (params, extra). The extra value, such as
            an optimizer state, belongs to the caller.
        start: The pair (params, extra) before the first window.
        estimator_state: Estimator state after the last sequence.

    Returns:
        The last pair (params, extra), the next estimator state, and the sum of the losses: ().
    """
    observations = problem.observations(ops, batch)
    width = estimator.window or problem.length
    num_windows = problem.length // width
    params, _ = start
    state = problem.initial_state(ops, params, batch)
    position = SequencePosition(problem, params, state, observations)
    carried = estimator.start(ops, position, estimator_state, window_sampler(num_windows))
    run_window = _window_function(ops, problem, estimator, window_sampler, update)
    first_index = ops.arange(1)[0]
    zero = ops.zeros((), tree.first_leaf(params))
    carry = (first_index, start, state, estimator_state, carried, zero)
    if num_windows == 1:
        carry, _ = run_window(carry, observations)
    else:
        windows = split_windows(observations, width)
        carry, _ = ops.scan(run_window, carry, windows)
    _, end, _, estimator_state, _, loss = carry
    return end, estimator_state, loss


def _window_function(
    ops: Ops,
    problem: Recurrent,
    estimator: OnlineEstimator,
    window_sampler: Callable[[Any], VectorSampler],
    update: Callable[[tuple[Params, T], Estimate], tuple[Params, T]],
) -> Callable[[Any, Batch], tuple[Any, tuple[()]]]:
    """Return the body of the loop over windows."""

    # The carry holds the index and the loss, so that no array has one entry per window.
    def run_window(carry: Any, window: Batch) -> tuple[Any, tuple[()]]:
        index, (params, extra), state, estimator_state, carried, total = carry
        position = SequencePosition(problem, params, state, window)
        estimate, state, estimator_state, carried = estimator.estimate(
            ops, position, estimator_state, carried, window_sampler(index)
        )
        next_index = index + 1
        updated = update((params, extra), estimate)
        total = total + estimate.loss
        return (next_index, updated, state, estimator_state, carried, total), ()

    return run_window


def window_directions(
    ops: Ops, estimator: OnlineEstimator, key: Key
) -> Callable[[Any], VectorSampler]:
    """Return the map from the index of a window to the sampler of its random vectors."""

    def sampler(index: Any) -> VectorSampler:
        window_key = ops.fold_in(key, index)

        def draw(j: Any, like: Params) -> Params:
            vector = jth_direction(ops, estimator.direction, window_key, j, like)  # type: ignore[arg-type]
            return tree.materialize(vector)

        return draw

    return sampler


def require_recurrent(problem: Problem) -> Recurrent:
    """Return `problem` if it is recurrent.

    Raises:
        NotImplementedError: The problem is not recurrent.
    """
    if isinstance(problem, Recurrent):
        return problem
    raise NotImplementedError("an online estimator needs a problem that processes sequences")
