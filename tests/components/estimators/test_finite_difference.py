"""Finite differences follow their definitions and converge at order 1 or 2 in the step size."""

import numpy as np
import pytest

from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.core.types import Array, Backend, Params
from support.cases import CASES, DIRECTIONS, loss_of, placed, random_like
from support.estimates import materialize


@pytest.mark.parametrize(("scheme", "order"), [("forward", 1), ("central", 2)])
@pytest.mark.parametrize("problem", ["rosenbrock", "beale", "logistic_regression"])
def test_the_slope_converges_at_the_order_of_the_scheme(
    backend: Backend, scheme: str, order: int, problem: str
) -> None:
    case = CASES[problem]
    arrays = case.params() if case.problem.dataset else {"x": np.array([0.5, -0.3])}
    params = placed(backend, arrays)
    loss = loss_of(backend, case)
    direction = placed(backend, random_like(arrays, seed=5))
    _, exact_slope = backend.ops.jvp(loss, (params,), (direction,))

    def error(eps: float) -> float:
        estimator = FiniteDifference(direction=DIRECTIONS["gaussian"], scheme=scheme, eps=eps)
        estimate = estimator.estimate(backend.ops, loss, params, lambda j: direction)
        return abs(float(estimate.scale) - float(exact_slope))

    observed_order = np.log2(error(2e-3) / error(1e-3))
    assert observed_order == pytest.approx(order, abs=0.05)


def quartic(params: Params) -> Array:
    """Return a loss whose values on both sides of a point differ much."""
    x = params["x"]
    return (x * x * x * x).sum() + x.sum()


@pytest.mark.parametrize("num_directions", [1, 2])
@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_the_slopes_and_the_loss_follow_their_definitions_at_a_large_step(
    backend: Backend, scheme: str, num_directions: int
) -> None:
    eps, x = 0.5, np.array([1.0, -0.5, 2.0])
    directions = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0]])[:num_directions]
    stacked = backend.ops.asarray(directions)
    estimator = FiniteDifference(
        direction=DIRECTIONS["gaussian"], scheme=scheme, eps=eps, num_directions=num_directions
    )
    estimate = estimator.estimate(
        backend.ops, quartic, placed(backend, {"x": x}), lambda j: {"x": stacked[j]}
    )
    above, center, below = (
        np.array([quartic({"x": x + step * v}) for v in directions]) for step in (eps, 0.0, -eps)
    )
    if scheme == "forward":
        losses, slopes = center, (above - center) / eps
    else:
        losses, slopes = (above + below) / 2, (above - below) / (2 * eps)
    assert float(estimate.loss) == pytest.approx(losses.mean(), rel=1e-12)
    expected = (slopes[:, None] * directions).mean(axis=0)
    actual = backend.engine.to_numpy(materialize(estimate)["x"])
    np.testing.assert_allclose(actual, expected, rtol=1e-12)
