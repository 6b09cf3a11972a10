"""A minibatch is processed window by window, with one update after each estimate."""

from typing import Any

import numpy as np
import pytest

from dirgrad.core import windows
from dirgrad.core.types import Backend, Estimate, Params
from dirgrad.core.windows import Recursion

WINDOWS = np.array([3.0, -1.0, 0.5, 2.0])
START, KEPT, RATE = 0.7, 0.2, 0.1


def recursion(backend: Backend, values: np.ndarray) -> Recursion:
    """Return a recursion s' = s / 2 + x with the estimate (s + x) x 3 and the loss x theta."""
    ops = backend.ops

    def estimate(params: Params, state: Any, window: Any) -> tuple[Estimate, Any]:
        (x,) = window
        g = Estimate(x * params["x"], 3.0, {"x": (state + x) * params["x"]})
        return g, state / 2 + x

    num_windows = len(values)
    placed = ops.asarray(values if num_windows > 1 else values[0])
    return Recursion(
        estimate,
        start=lambda params, kept: kept + params["x"],
        finish=lambda state: -state,
        windows=(placed,),
        num_windows=num_windows,
    )


def by_hand(values: np.ndarray, rate: float) -> tuple[float, int, float, float, float]:
    """Return the last theta, the number of updates, the kept state, the loss and the estimates."""
    theta, count, loss, total = START, 0, 0.0, 0.0
    state = KEPT + theta
    for x in values:
        estimate = 3 * (state + x) * theta
        loss, total, state = loss + x * theta, total + estimate, state / 2 + x
        theta, count = theta - rate * estimate, count + 1
    return theta, count, -state, loss, total


@pytest.mark.parametrize("count", [1, 4])
def test_the_parameters_and_the_state_follow_the_recursion(backend: Backend, count: int) -> None:
    values, ops = WINDOWS[:count], backend.ops
    calls = 0

    def make_update() -> windows.Update:
        nonlocal calls
        calls += 1

        def update(pair: tuple[Params, Any], g: Estimate) -> tuple[Params, Any]:
            params, updates = pair
            return {"x": params["x"] - RATE * g.scale * g.vector["x"]}, updates + 1

        return update

    start = ({"x": ops.asarray(np.array(START))}, ops.asarray(np.array(0)))
    kept = ops.asarray(np.array(KEPT))
    (params, updates), state, loss = windows.run_windows(
        ops, recursion(backend, values), make_update, start, kept
    )
    actual = [float(x) for x in (params["x"], updates, state, loss)]
    np.testing.assert_allclose(actual, by_hand(values, RATE)[:4], rtol=1e-12)
    assert calls == 1


@pytest.mark.parametrize("count", [1, 4])
def test_the_estimates_add_up_at_constant_parameters(backend: Backend, count: int) -> None:
    values, ops = WINDOWS[:count], backend.ops
    params, kept = {"x": ops.asarray(np.array(START))}, ops.asarray(np.array(KEPT))
    total = windows.sum_of_estimates(ops, recursion(backend, values), params, kept)
    *_, loss, estimate = by_hand(values, rate=0.0)
    actual = [float(total.loss), float(total.scale * total.vector["x"])]
    np.testing.assert_allclose(actual, [loss, estimate], rtol=1e-12)
