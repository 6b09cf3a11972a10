"""The closed forms agree with Monte Carlo, exact linear algebra and their limits."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.projected_forward_gradient import ProjectedForwardGradient
from dirgrad.core import theory
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.curvature_noise import Curvature
from support.confidence import z_bound

GRADIENT = np.array([3.0, -1.0, 0.5, 0.0, 0.1])
NORM = np.linalg.norm(GRADIENT)
ONES = np.ones(1)


def test_the_kurtosis_is_9_for_a_zero_coordinate_and_15_for_the_only_nonzero_one() -> None:
    np.testing.assert_allclose(
        theory.gaussian_kurtosis(np.array([0.0, 1.0]), np.array(1.0)), [9.0, 15.0]
    )


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=4).filter(any), st.floats(0.1, 10.0))
@settings(max_examples=50, deadline=None)
def test_the_moments_of_a_coordinate_are_exact(ratios: list[float], norm: float) -> None:
    """Test against Gauss-Hermite quadrature, which is exact for polynomials of this degree."""
    rho = np.array(ratios)
    nodes, weights = np.polynomial.hermite_e.hermegauss(10)
    product_weights = np.outer(weights, weights) / weights.sum() ** 2
    # The slope is ||g|| s. The coordinate v has the correlation rho with s.
    s, other = nodes[:, None], nodes[None, :]
    v = rho[:, None, None] * s + np.sqrt(1 - rho**2)[:, None, None] * other
    error = norm * (s * v - rho[:, None, None])
    second, fourth = ((error**power * product_weights).sum((1, 2)) for power in (2, 4))
    gradient = norm * rho
    np.testing.assert_allclose(theory.gaussian_variance(gradient, norm), second, rtol=1e-9)
    np.testing.assert_allclose(theory.gaussian_kurtosis(gradient, norm), fourth / second**2, 1e-9)


@pytest.mark.parametrize("num_directions", [1, 2, 4])
def test_the_noise_of_a_projection_agrees_with_monte_carlo(num_directions: int) -> None:
    draws, dimension = 20_000, len(GRADIENT)
    normals = np.random.default_rng(1).standard_normal((draws, dimension, num_directions))
    bases, _ = np.linalg.qr(normals)
    projections = np.einsum("ndk,nek,e->nd", bases, bases, GRADIENT)
    for scale, factor in (("projection", 1.0), ("unbiased", dimension / num_directions)):
        error = ((factor * projections - GRADIENT) ** 2).sum(axis=1) / NORM**2
        snr = theory.projected_signal_to_noise(scale, num_directions, dimension)
        z = (error.mean() - 1 / snr) / (error.std() / np.sqrt(draws))
        assert abs(z) < z_bound(6)


@pytest.mark.parametrize("scale", ["projection", "unbiased"])
def test_a_projection_on_as_many_directions_as_parameters_has_no_noise(scale: str) -> None:
    assert theory.projected_signal_to_noise(scale, 5, 5) == np.inf


@pytest.mark.parametrize("num_directions", [1, 3])
def test_shrinkage_minimizes_the_mean_squared_error(num_directions: int) -> None:
    snr = num_directions / (5 + 1)
    c = np.linspace(0, 1, 100_001)
    error = (c - 1) ** 2 + c**2 / snr
    assert theory.shrinkage(snr) == pytest.approx(c[error.argmin()], abs=1e-5)
    assert theory.shrinkage(snr) == pytest.approx(num_directions / (5 + num_directions + 1))
    assert theory.shrinkage(np.inf) == 1.0


def test_the_mean_cosine_matches_monte_carlo_and_its_limit() -> None:
    draws = 200_000
    v = np.random.default_rng(0).standard_normal((draws, len(GRADIENT)))
    cosines = np.abs(v @ GRADIENT) / (np.linalg.norm(v, axis=1) * NORM)
    z = (cosines.mean() - theory.uniform_cosine(5)) / (cosines.std() / np.sqrt(draws))
    assert abs(z) < z_bound(1)
    limit = np.sqrt(2 / (np.pi * 10**6))
    assert theory.uniform_cosine(10**6) == pytest.approx(limit, rel=1e-5)


@pytest.mark.parametrize(
    ("scheme", "eps"), [("forward", 0.1), ("forward", 1e-3), ("central", 0.1), ("central", 1e-3)]
)
def test_the_error_of_a_finite_difference_of_exp_is_its_next_taylor_term(
    scheme: str, eps: float
) -> None:
    ahead, center, behind = np.exp([eps, 0.0, -eps])
    slope = (ahead - center) / eps if scheme == "forward" else (ahead - behind) / (2 * eps)
    error = theory.difference_error(scheme, eps, 0.0, ONES, ONES, ONES)[0]
    assert error == pytest.approx(abs(slope - 1), rel=eps)


@pytest.mark.parametrize("scheme", ["forward", "central"])
@pytest.mark.parametrize("eps", [0.1, 0.03])
def test_the_error_of_a_finite_difference_adds_truncation_and_two_roundings(
    scheme: str, eps: float
) -> None:
    """Test a cubic whose values have independent normal errors of relative size u."""
    draws, unit, value, second, third = 400_000, 1e-3, -3.0, 0.9, 20.0
    rounding = unit * value * np.random.default_rng(2).standard_normal((2, draws))
    if scheme == "forward":
        slopes = (eps**2 * second / 2 + rounding[0] - rounding[1]) / eps
    else:
        slopes = (eps**3 * third / 3 + rounding[0] - rounding[1]) / (2 * eps)
    squares = slopes**2
    numbers = (np.array([number]) for number in (value, second, third))
    error = theory.difference_error(scheme, eps, unit, *numbers)[0]
    z = (squares.mean() - error**2) / (squares.std() / np.sqrt(draws))
    assert abs(z) < z_bound(4)


def test_the_rounding_error_is_inversely_proportional_to_a_small_step() -> None:
    unit = 2.0**-24
    error = theory.difference_error("forward", 1e-5, unit, ONES, ONES, ONES)[0]
    error_of_smaller_step = theory.difference_error("forward", 1e-6, unit, ONES, ONES, ONES)[0]
    assert error_of_smaller_step == pytest.approx(10 * error, rel=0.01)


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=6), st.floats(0.9, 1.1))
@settings(max_examples=50, deadline=None)
def test_second_moments_shrink_below_the_stable_rate_and_grow_above_it(
    eigenvalues: list[float], share: float
) -> None:
    hessian = np.array(eigenvalues)
    rate = theory.gaussian_stable_rate(hessian) * share
    contraction = np.diag(1 - 2 * rate * hessian + 2 * (rate * hessian) ** 2)
    noise = rate**2 * np.outer(np.ones(len(hessian)), hessian**2)
    radius = np.abs(np.linalg.eigvals(contraction + noise)).max()
    assert np.sign(radius - 1) == np.sign(share - 1) or abs(radius - 1) < 1e-6


@pytest.mark.parametrize("dimension", [1, 2, 100, 10_000])
def test_the_stable_rate_has_a_closed_form_for_a_multiple_of_the_identity(dimension: int) -> None:
    expected = 2 / (4.0 * (dimension + 2))
    assert theory.gaussian_stable_rate(np.full(dimension, 4.0)) == pytest.approx(expected, rel=1e-6)


def test_the_best_rate_on_an_isotropic_quadratic_contracts_fastest() -> None:
    """One step from a fixed x, over many directions, at and around the declared rate."""
    dimension, eigenvalue = 4, 2.5
    rng = np.random.default_rng(1)
    x, v = rng.standard_normal(dimension), rng.standard_normal((400_000, dimension))
    best = theory.isotropic_best_rate(eigenvalue, dimension)

    def contractions(rate: float) -> np.ndarray:
        after = x - rate * eigenvalue * (v @ x)[:, None] * v
        return (after**2).sum(axis=1) / (x @ x)

    values = contractions(best)
    standard_error = values.std() / np.sqrt(len(v))
    expected = theory.isotropic_contraction(dimension)
    assert abs(values.mean() - expected) < z_bound(1) * standard_error
    assert expected == 1 - 1 / 6
    for factor in (0.5, 1.5):
        assert contractions(factor * best).mean() > values.mean()
    stable = theory.gaussian_stable_rate(np.full(dimension, eigenvalue))
    assert stable == pytest.approx(2 * best)


def test_in_one_dimension_a_direction_on_the_sphere_gives_the_gradient() -> None:
    # The direction is 1 or -1, so that (g v) v = g: no noise, and e H e = g^2 H.
    assert theory.mean_square_on_part(support=1, part=1, dimension=1, share=1.0) == 1.0
    curvature = Curvature((np.array([3.0]),), np.array([[2.0]]))
    assert theory.sphere_curvature_noise(1, curvature) == pytest.approx(3.0**2 * 2.0)


@pytest.mark.parametrize("scale", ["projection", "unbiased"])
def test_a_projection_on_more_directions_than_parameters_has_no_ratio(
    scale: Literal["projection", "unbiased"],
) -> None:
    assert np.isnan(theory.projected_signal_to_noise(scale, 8, 2))
    estimator = ProjectedForwardGradient(direction=Gaussian(), num_directions=8, scale=scale)
    assert np.isnan(estimator.expected_projection([GradientShare((2,), 1.0, "x")]))
