"""Forward differences converge at order 1 in the step size, central differences at order 2."""

import numpy as np
import pytest

from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.core.types import Backend
from support.cases import CASES, DIRECTIONS, loss_of, placed, random_like


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
