"""The closed forms agree with Monte Carlo, exact linear algebra and their limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.core import theory
from support.confidence import z_bound

GRADIENT = np.array([3.0, -1.0, 0.5, 0.0, 0.1])
NORM = np.linalg.norm(GRADIENT)
ONES = np.ones(1)


@pytest.fixture(scope="module")
def estimates() -> np.ndarray:
    """Return forward gradients along Gaussian directions: (draws, d)."""
    v = np.random.default_rng(0).standard_normal((2_000_000, len(GRADIENT)))
    slopes = v @ GRADIENT
    return slopes[:, None] * v


def test_the_variance_of_a_coordinate_matches_monte_carlo(estimates: np.ndarray) -> None:
    np.testing.assert_allclose(
        estimates.var(axis=0), theory.gaussian_variance(GRADIENT, NORM), rtol=0.02
    )


def test_the_kurtosis_of_a_coordinate_matches_monte_carlo(estimates: np.ndarray) -> None:
    centered = estimates - GRADIENT
    kurtosis = (centered**4).mean(axis=0) / estimates.var(axis=0) ** 2
    np.testing.assert_allclose(kurtosis, theory.gaussian_kurtosis(GRADIENT, NORM), rtol=0.06)


def test_the_kurtosis_is_9_for_a_zero_coordinate_and_15_for_the_only_nonzero_one() -> None:
    np.testing.assert_allclose(
        theory.gaussian_kurtosis(np.array([0.0, 1.0]), np.array(1.0)), [9.0, 15.0]
    )


@pytest.mark.parametrize("num_directions", [1, 3])
def test_shrinkage_minimizes_the_mean_squared_error(num_directions: int) -> None:
    snr = num_directions / (5 + 1)
    c = np.linspace(0, 1, 100_001)
    error = (c - 1) ** 2 + c**2 / snr
    assert theory.shrinkage(snr) == pytest.approx(c[error.argmin()], abs=1e-5)
    assert theory.shrinkage(snr) == pytest.approx(num_directions / (5 + num_directions + 1))
    assert theory.shrinkage(np.inf) == 1.0


def test_the_mean_cosine_matches_monte_carlo_and_its_limit(estimates: np.ndarray) -> None:
    cosines = estimates @ GRADIENT / (np.linalg.norm(estimates, axis=1) * NORM)
    assert theory.uniform_cosine(5) == pytest.approx(cosines.mean(), rel=0.005)
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
