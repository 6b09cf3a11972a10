"""The closed forms against Monte Carlo, exact linear algebra and their limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.components import registry
from dirgrad.core import theory
from support.cases import DIRECTIONS

GRADIENT = np.array([3.0, -1.0, 0.5, 0.0, 0.1])
NORM = np.linalg.norm(GRADIENT)


@pytest.fixture(scope="module")
def estimates() -> np.ndarray:
    v = np.random.default_rng(0).standard_normal((2_000_000, len(GRADIENT)))
    return (v @ GRADIENT)[:, None] * v


def test_the_variance_of_a_coordinate(estimates: np.ndarray) -> None:
    np.testing.assert_allclose(estimates.var(axis=0), theory.variance(GRADIENT, NORM), rtol=0.02)


def test_the_kurtosis_of_a_coordinate(estimates: np.ndarray) -> None:
    centred = estimates - GRADIENT
    np.testing.assert_allclose(
        (centred**4).mean(axis=0) / estimates.var(axis=0) ** 2,
        theory.kurtosis(GRADIENT, NORM),
        rtol=0.06,
    )


def test_the_kurtosis_is_nine_of_a_small_share_and_fifteen_of_the_whole() -> None:
    np.testing.assert_allclose(theory.kurtosis(np.array([0.0, 1.0]), np.array(1.0)), [9.0, 15.0])


@pytest.mark.parametrize(("direction", "excess"), theory.EXCESS.items())
def test_the_signal_to_noise_ratio_falls_with_the_dimension_and_rises_with_the_directions(
    direction: str, excess: int
) -> None:
    assert theory.signal_to_noise(direction, 3, 50) == pytest.approx(3 / (50 + excess))


def test_the_signal_to_noise_ratio_is_known_of_every_direction() -> None:
    parts = [theory.GradientShare((5, 10), 1.0)]
    for direction in map(registry.distribution_name, DIRECTIONS.values()):
        assert theory.signal_to_noise(direction, 1, 50, parts) > 0
    assert np.isnan(theory.signal_to_noise("a law of one's own", 1, 50))


@pytest.mark.parametrize("num_directions", [1, 3])
def test_the_best_shrinkage_has_the_least_error(num_directions: int) -> None:
    snr = theory.signal_to_noise("gaussian", num_directions, 5)
    c = np.linspace(0, 1, 100_001)
    error = (c - 1) ** 2 + c**2 / snr
    assert theory.shrinkage(snr) == pytest.approx(c[error.argmin()], abs=1e-5)
    assert theory.shrinkage(snr) == pytest.approx(num_directions / (5 + num_directions + 1))
    assert theory.shrinkage(np.inf) == 1.0


def test_the_cosine_of_a_gaussian_direction(estimates: np.ndarray) -> None:
    cosines = estimates @ GRADIENT / (np.linalg.norm(estimates, axis=1) * NORM)
    assert theory.cosine("gaussian", 1, 5) == pytest.approx(cosines.mean(), rel=0.005)
    assert theory.cosine("sphere", 1, 10**6) == pytest.approx(
        np.sqrt(2 / (np.pi * 10**6)), rel=1e-5
    )
    assert np.isnan(theory.cosine("coordinate", 1, 5))
    assert np.isnan(theory.cosine("gaussian", 2, 5))


@pytest.mark.parametrize(
    ("scheme", "eps"), [("forward", 0.1), ("forward", 1e-3), ("central", 0.1), ("central", 1e-3)]
)
def test_a_difference_of_the_exponential_is_off_by_its_next_term(scheme: str, eps: float) -> None:
    ahead, here, behind = np.exp([eps, 0.0, -eps])
    slope = (ahead - here) / eps if scheme == "forward" else (ahead - behind) / (2 * eps)
    one = np.ones(1)
    assert theory.difference_error(scheme, eps, 0.0, one, one, one)[0] == pytest.approx(
        abs(slope - 1), rel=eps
    )


def test_below_the_best_step_rounding_grows_as_the_step_shrinks() -> None:
    one = np.ones(1)
    found = [
        theory.difference_error("forward", eps, 2.0**-24, one, one, one)[0] for eps in (1e-5, 1e-6)
    ]
    assert found[1] == pytest.approx(10 * found[0], rel=0.01)


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=6), st.floats(0.9, 1.1))
@settings(max_examples=50, deadline=None)
def test_at_the_stable_rate_the_second_moments_neither_grow_nor_shrink(
    eigenvalues: list[float], share: float
) -> None:
    hessian = np.array(eigenvalues)
    rate = theory.stable_rate(hessian) * share
    d = len(hessian)
    step = np.diag(1 - 2 * rate * hessian + 2 * (rate * hessian) ** 2) + rate**2 * np.outer(
        np.ones(d), hessian**2
    )
    radius = np.abs(np.linalg.eigvals(step)).max()
    assert np.sign(radius - 1) == np.sign(share - 1) or abs(radius - 1) < 1e-6


@pytest.mark.parametrize("dimension", [1, 2, 100, 10_000])
def test_the_stable_rate_of_a_multiple_of_the_identity(dimension: int) -> None:
    assert theory.stable_rate(np.full(dimension, 4.0)) == pytest.approx(
        2 / (4.0 * (dimension + 2)), rel=1e-6
    )
