"""The projected forward gradient takes at most as many directions as parameters."""

import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.projected_forward_gradient import ProjectedForwardGradient
from dirgrad.core.types import Backend
from support.cases import CASES, loss_of, placed, to_numpy
from support.estimates import materialize, sampler_with_first_key


def estimate(backend: Backend, num_directions: int, scale: str):
    """Return an estimate of the gradient of Rosenbrock's function, which has two parameters."""
    params = placed(backend, CASES["rosenbrock"].params())
    loss = loss_of(backend, CASES["rosenbrock"])
    estimator = ProjectedForwardGradient(
        direction=Gaussian(), num_directions=num_directions, scale=scale
    )
    sampler = sampler_with_first_key(backend, estimator, params)
    gradient = Backprop().estimate(backend.ops, loss, params, sampler)
    projection = estimator.estimate(backend.ops, loss, params, sampler)
    return to_numpy(backend, materialize(projection)), to_numpy(backend, gradient.vector)


@pytest.mark.parametrize("scale", ["projection", "unbiased"])
def test_as_many_directions_as_parameters_give_the_gradient(backend: Backend, scale: str) -> None:
    projection, gradient = estimate(backend, 2, scale)
    for name, leaf in gradient.items():
        assert projection[name] == pytest.approx(leaf, rel=1e-6)


@pytest.mark.parametrize("scale", ["projection", "unbiased"])
def test_more_directions_than_parameters_are_refused_with_both_numbers(
    backend: Backend, scale: str
) -> None:
    with pytest.raises(NotImplementedError, match=r"num_directions = 8 .* the 2 parameters"):
        estimate(backend, 8, scale)
