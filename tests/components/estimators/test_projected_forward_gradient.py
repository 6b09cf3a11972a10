"""The projected forward gradient takes at most as many directions as parameters."""

import numpy as np
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rademacher import Rademacher
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.projected_forward_gradient import ProjectedForwardGradient
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.types import Backend
from support.cases import CASES, loss_of, placed, to_numpy
from support.confidence import z_bound
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


@pytest.mark.parametrize(("scale", "factor"), [("projection", 1.0), ("unbiased", 20 / 3)])
def test_the_estimate_is_the_orthogonal_projection_times_its_scale(
    backend: Backend, scale: str, factor: float
) -> None:
    case = CASES["quadratic"]
    x = case.params()["x"]
    params, loss = placed(backend, {"x": x}), loss_of(backend, case)
    directions = np.random.default_rng(1).standard_normal((3, len(x)))
    stacked = backend.ops.asarray(directions)
    estimator = ProjectedForwardGradient(direction=Gaussian(), num_directions=3, scale=scale)
    estimate = estimator.estimate(backend.ops, loss, params, lambda j: {"x": stacked[j]})
    gradient = case.problem.eigenvalues() * x
    coefficients = np.linalg.lstsq(directions.T, gradient)[0]
    expected = factor * coefficients @ directions
    actual = to_numpy(backend, materialize(estimate))["x"]
    np.testing.assert_allclose(actual, expected, rtol=1e-8, atol=1e-12)
    assert float(estimate.loss) == pytest.approx(float(loss(params)), rel=1e-12)


@pytest.mark.parametrize("scale", ["projection", "unbiased"])
def test_the_declared_mean_and_noise_agree_with_monte_carlo(scale: str) -> None:
    draws, dimension, num_directions = 20_000, 6, 2
    gradient = np.arange(1.0, dimension + 1)
    normals = np.random.default_rng(0).standard_normal((draws, dimension, num_directions))
    bases, _ = np.linalg.qr(normals)
    estimates = np.einsum("ndk,nek,e->nd", bases, bases, gradient)
    if scale == "unbiased":
        estimates *= dimension / num_directions
    norm_squared = gradient @ gradient
    estimator = ProjectedForwardGradient(
        direction=Gaussian(), num_directions=num_directions, scale=scale
    )
    shares = [GradientShare((2, 3), 1.0)]
    for values, declared in (
        (estimates @ gradient / norm_squared, estimator.expected_projection(shares)),
        (
            ((estimates - gradient) ** 2).sum(axis=1) / norm_squared,
            1 / estimator.signal_to_noise(shares),
        ),
    ):
        z = (values.mean() - declared) / (values.std() / np.sqrt(draws))
        assert abs(z) < z_bound(4)


def test_mean_and_noise_are_declared_for_gaussian_directions_only() -> None:
    estimator = ProjectedForwardGradient(direction=Rademacher(), num_directions=2)
    shares = [GradientShare((2, 3), 1.0)]
    assert np.isnan(estimator.expected_projection(shares))
    assert np.isnan(estimator.signal_to_noise(shares))
