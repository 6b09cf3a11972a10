"""Estimates have the gradient as their mean, and K directions divide their variance by K."""

import numpy as np
import pytest

from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core import steps
from dirgrad.core.directions import GroupDirection
from dirgrad.core.types import Backend, Estimator
from support.cases import CASES, DIRECTIONS, loss_of, placed
from support.confidence import z_bound
from support.estimates import materialize

QUADRATIC = CASES["quadratic"]


def estimates_for_the_quadratic(backend: Backend, estimator: Estimator, lanes: int) -> np.ndarray:
    """Draw one estimate of the gradient at the starting point per lane: (lanes, d)."""
    params = placed(backend, QUADRATIC.params())
    loss = loss_of(backend, QUADRATIC)

    def estimate(key):
        sampler = steps.direction_sampler(backend.ops, estimator, key, params)
        return materialize(estimator.estimate(backend.ops, loss, params, sampler))["x"]

    keys = backend.engine.keys(np.arange(lanes))
    estimates = backend.engine.vmap_trials(estimate, (), lanes)(keys)
    return backend.engine.to_numpy(estimates)


ON_ONE_ARRAY = [name for name, law in DIRECTIONS.items() if not isinstance(law, GroupDirection)]
"""Laws for parameters that are a single array. The others choose among several."""


@pytest.mark.parametrize("direction", ON_ONE_ARRAY)
@pytest.mark.parametrize("slope", ["exact", "central difference"])
@pytest.mark.parametrize("num_directions", [1, 3])
def test_the_estimate_is_unbiased(
    backend: Backend, direction: str, slope: str, num_directions: int
) -> None:
    law = DIRECTIONS[direction]
    estimator: Estimator
    if slope == "exact":
        estimator = ForwardGradient(direction=law, num_directions=num_directions)
    else:
        estimator = FiniteDifference(
            direction=law, scheme="central", eps=1e-3, num_directions=num_directions
        )
    lanes = 20_000
    estimates = estimates_for_the_quadratic(backend, estimator, lanes)
    gradient = QUADRATIC.problem.eigenvalues() * QUADRATIC.params()["x"]
    bound = z_bound(len(gradient))

    error = np.abs(estimates.mean(axis=0) - gradient)
    standard_error = estimates.std(axis=0) / np.sqrt(lanes)
    # A coordinate with equal values in all lanes has the standard error 0, but its difference is
    # rounded.
    assert (error <= bound * standard_error + 1e-9).all()

    # The mean of the estimate along the gradient detects a wrong constant factor.
    relative_length = estimates @ gradient / (gradient @ gradient)
    standard_error_of_length = relative_length.std() / np.sqrt(lanes)
    assert abs(relative_length.mean() - 1) < bound * standard_error_of_length


def test_k_directions_divide_the_variance_by_k(backend: Backend) -> None:
    law = DIRECTIONS["rademacher"]

    def total_variance(num_directions: int) -> float:
        estimator = ForwardGradient(direction=law, num_directions=num_directions)
        estimates = estimates_for_the_quadratic(backend, estimator, lanes=8_000)
        return estimates.var(axis=0).sum()

    ratio = total_variance(1) / total_variance(8)
    # The total variance of d = 20 weakly dependent entries over 8000 draws has a standard error
    # below 2 %. The tolerance is five standard errors.
    assert ratio == pytest.approx(8, rel=0.1)
