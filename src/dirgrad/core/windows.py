"""An estimate of a minibatch as a recursion over windows, which holds for every estimator."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar

from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params

T = TypeVar("T")
Update: TypeAlias = Callable[[tuple[Params, Any], Estimate], tuple[Params, Any]]
"""Map ((params, extra), estimate) -> next (params, extra)."""


class Recursion(NamedTuple):
    """The estimates of one minibatch: one per window, with a state from window to window.

    The recursion is s_0 = start(params, e) and (g_i, s_i+1) = estimate(params, s_i, window i). It
    ends with finish(s_n). Here e and finish(s_n) are the states of the estimator before and after
    the minibatch. By default there is one window, and the state is the same at both ends of it.

    Attributes:
        estimate: Map (params, state, window) -> (estimate, next state).
        start: Map (params, estimator state) -> state before the first window.
        finish: Map state after the last window -> estimator state.
        windows: The windows, stacked along a new first axis of every array; or the only window.
        num_windows: Number of windows.
    """

    estimate: Callable[[Params, Any, Any], tuple[Estimate, Any]]
    start: Callable[[Params, Any], Any] = lambda _, state: state
    finish: Callable[[Any], Any] = lambda state: state
    windows: Any = ()
    num_windows: int = 1


def run_windows(
    ops: Ops,
    recursion: Recursion,
    make_update: Callable[[], Update],
    start: tuple[Params, T],
    estimator_state: Any,
) -> tuple[tuple[Params, T], Any, Array]:
    """Process a minibatch window by window, with one estimate and one update per window.

    Args:
        ops: Operations of the framework.
        recursion: The estimates of the minibatch.
        make_update: Function that returns the map ((params, extra), estimate) -> next (params,
            extra). The extra value, such as an optimizer state, belongs to the caller. The function
            is called once: before a loop over windows, or after the estimate of the only window.
        start: The pair (params, extra) before the first window.
        estimator_state: Estimator state after the last minibatch.

    Returns:
        The last pair (params, extra), the next estimator state, and the sum of the losses: ().
    """
    params, _ = start
    state = recursion.start(params, estimator_state)
    if recursion.num_windows == 1:
        estimate, state = recursion.estimate(params, state, recursion.windows)
        # What the update computes first, such as its rate, is not in memory during the estimate.
        update = make_update()
        return update(start, estimate), recursion.finish(state), estimate.loss

    update = make_update()

    # The carry holds the loss, so that no array has one entry per window.
    def process(carry: Any, window: Any) -> tuple[Any, tuple[()]]:
        pair, state, total = carry
        estimate, state = recursion.estimate(pair[0], state, window)
        return (update(pair, estimate), state, total + estimate.loss), ()

    zero = ops.zeros((), tree.first_leaf(params))
    (end, state, loss), _ = ops.scan(process, (start, state, zero), recursion.windows)
    return end, recursion.finish(state), loss


def sum_of_estimates(
    ops: Ops, recursion: Recursion, params: Params, estimator_state: Any
) -> Estimate:
    """Return the sum of the estimates of all windows at constant parameters.

    The estimate of a single window is returned as it is, with its factors and its vector.
    """
    if recursion.num_windows == 1:
        state = recursion.start(params, estimator_state)
        estimate, _ = recursion.estimate(params, state, recursion.windows)
        return estimate

    def add(pair: tuple[Params, Params], estimate: Estimate) -> tuple[Params, Params]:
        params, total = pair
        return params, tree.axpy(ops, estimate.scale, estimate.vector, total)

    start = (params, tree.map(ops.zeros_like, params))
    (_, total), _, loss = run_windows(ops, recursion, lambda: add, start, estimator_state)
    return Estimate(loss, 1.0, total)
