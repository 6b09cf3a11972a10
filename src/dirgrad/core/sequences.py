"""Along a sequence: the losses that a state meets, their derivative along a direction, and the way from window to window."""

from collections.abc import Callable
from typing import Any, TypeVar

from dirgrad.core import tree
from dirgrad.core.recurrent import OnlineEstimator, Recurrent, SequencePosition, VectorSampler
from dirgrad.core.types import Array, Batch, Estimate, Key, Ops, Params, Problem

T = TypeVar("T")


def rollout(ops: Ops, place: SequencePosition) -> tuple[Array, Params]:
    """The losses of the steps ahead, summed: (), and the state after them."""

    def advance(carry: tuple[Params, Array], x: Batch) -> tuple[tuple[Params, Array], tuple[()]]:
        state, total = carry
        state, loss = place.problem.advance(ops, place.params, state, x)
        return (state, total + loss), ()

    zero = ops.zeros((), tree.first_leaf(place.params))
    (state, total), _ = ops.scan(advance, (place.state, zero), place.remaining)
    return total, state


def jvp_window(
    ops: Ops, place: SequencePosition, direction: Params, tangent: Params
) -> tuple[Array, Params, Array, Params]:
    """The steps ahead in one pass of forward accumulation: (loss, state, slope, tangent of the state).

    The slope is the derivative of these losses along `direction`, if `tangent` is that of the state before them: its
    memory does not depend on how many steps there are.
    """

    def from_here(params: Params, state: Params) -> tuple[Array, Params]:
        return rollout(ops, place._replace(params=params, state=state))

    (loss, state), (slope, moved) = ops.jvp(
        from_here, (place.params, place.state), (direction, tangent)
    )
    return loss, state, slope, moved


def window_gradient(ops: Ops, place: SequencePosition) -> tuple[Array, Params, Params]:
    """Backpropagation through the steps ahead, from a state that is taken as given: (loss, state, gradient)."""
    (loss, state), pull = ops.vjp(
        lambda params: rollout(ops, place._replace(params=params)), place.params
    )
    (found,) = pull((ops.zeros((), loss) + 1.0, tree.map(ops.zeros_like, state)))
    return loss, state, found


def split_windows(observations: Batch, width: int) -> Batch:
    """(T, ...) -> (T / width, width, ...). Raises NotImplementedError where the width does not divide T."""
    steps = observations[0].shape[0]
    if steps % width:
        raise NotImplementedError(f"{width} steps do not divide the {steps} ahead")
    return tuple(x.reshape(x.shape[0] // width, width, *x.shape[1:]) for x in observations)


def run_windows(
    ops: Ops,
    problem: Recurrent,
    estimator: OnlineEstimator,
    batch: Batch,
    draws: Callable[[Any], VectorSampler],
    apply: Callable[[tuple[Params, T], Estimate], tuple[Params, T]],
    start: tuple[Params, T],
    past: Any,
) -> tuple[tuple[Params, T], Any, Array]:
    """Go along a sequence: after each window `apply` makes of the parameters, and of what is beside them, the next.

    draws: index of the window -> its random vectors; those of the start have the index after the last. Returns what `apply`
    left, what the estimator remembers, and the loss met: ().
    """
    ahead = problem.observations(ops, batch)
    width = estimator.window or problem.length
    count = problem.length // width
    state = problem.initial_state(ops, start[0], batch)
    carried = estimator.start(
        ops, SequencePosition(problem, start[0], state, ahead), past, draws(count)
    )

    # The index and the loss go along, so that nothing is as long as the sequence.
    def go(carry: Any, window: Batch) -> tuple[Any, tuple[()]]:
        i, (params, beside), state, past, carried, total = carry
        found, state, past, carried = estimator.estimate(
            ops, SequencePosition(problem, params, state, window), past, carried, draws(i)
        )
        return (i + 1, apply((params, beside), found), state, past, carried, total + found.loss), ()

    carry = (
        ops.arange(1)[0],
        start,
        state,
        past,
        carried,
        ops.zeros((), tree.first_leaf(start[0])),
    )
    if count == 1:
        (_, end, _, past, _, loss), _ = go(carry, ahead)
    else:
        (_, end, _, past, _, loss), _ = ops.scan(go, carry, split_windows(ahead, width))
    return end, past, loss


def window_directions(
    ops: Ops, estimator: OnlineEstimator, key: Key
) -> Callable[[Any], VectorSampler]:
    """The random vectors of the windows of one sequence."""

    def of(i: Any) -> VectorSampler:
        window = ops.fold_in(key, i)
        return lambda j, like: tree.materialize(
            estimator.direction.draw(ops, ops.fold_in(window, j), like)
        )  # type: ignore[union-attr]

    return of


def require_recurrent(problem: Problem) -> Recurrent:
    """Return `problem`. Raises NotImplementedError unless it reads a sequence."""
    if isinstance(problem, Recurrent):
        return problem
    raise NotImplementedError(
        "an estimator that goes along sequences needs a problem that reads one"
    )
