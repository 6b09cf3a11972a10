"""The clipped forward gradient limits the slope and leaves the loss as it is."""

import numpy as np
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.clipped_forward_gradient import ClippedForwardGradient
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core.types import Backend, Estimate, Estimator
from support.cases import CASES, loss_of, placed
from support.estimates import materialize, sampler_with_first_key


def estimate_at_the_start(backend: Backend, estimator: Estimator) -> Estimate:
    case = CASES["rosenbrock"]
    params = placed(backend, case.params())
    sampler = sampler_with_first_key(backend, estimator, params)
    return estimator.estimate(backend.ops, loss_of(backend, case), params, sampler)


@pytest.mark.parametrize(("bound", "is_within_bound"), [(1e6, True), (1e-3, False)])
def test_a_slope_within_the_bound_is_unchanged_and_a_larger_slope_becomes_the_bound(
    backend: Backend, bound: float, is_within_bound: bool
) -> None:
    unclipped = estimate_at_the_start(backend, ForwardGradient(direction=Gaussian()))
    clipped = estimate_at_the_start(
        backend, ClippedForwardGradient(direction=Gaussian(), bound=bound)
    )
    assert float(clipped.loss) == float(unclipped.loss)
    slope = float(unclipped.scale)
    if is_within_bound:
        assert float(clipped.scale) == slope
    else:
        assert float(clipped.scale) == pytest.approx(np.sign(slope) * bound)


def test_the_slope_of_each_of_several_directions_is_clipped(backend: Backend) -> None:
    case, bound = CASES["rosenbrock"], 2.0
    params, loss = placed(backend, case.params()), loss_of(backend, case)
    directions = np.array([[0.001, 0.0], [1.0, 0.5], [-0.7, 2.0]])
    stacked = backend.ops.asarray(directions)
    estimator = ClippedForwardGradient(direction=Gaussian(), bound=bound, num_directions=3)
    estimate = estimator.estimate(backend.ops, loss, params, lambda j: {"x": stacked[j]})
    gradient = backend.engine.to_numpy(backend.ops.value_and_grad(loss)(params)[1]["x"])
    slopes = directions @ gradient
    assert (np.abs(slopes) < bound).tolist() == [True, False, False]
    expected = np.clip(slopes, -bound, bound) @ directions / 3
    actual = backend.engine.to_numpy(materialize(estimate)["x"])
    np.testing.assert_allclose(actual, expected, rtol=1e-12)
