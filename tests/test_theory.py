"""The closed forms against Monte Carlo, exact linear algebra and their limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import DIRECTIONS
from dirgrad import theory

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
    np.testing.assert_allclose((centred**4).mean(axis=0) / estimates.var(axis=0) ** 2, theory.kurtosis(GRADIENT, NORM), rtol=0.06)


def test_the_kurtosis_is_nine_of_a_small_share_and_fifteen_of_the_whole() -> None:
    np.testing.assert_allclose(theory.kurtosis(np.array([0.0, 1.0]), np.array(1.0)), [9.0, 15.0])


@pytest.mark.parametrize(("direction", "excess"), [("gaussian", 1), ("rademacher", -1), ("sphere", -1), ("coordinate", -1)])
def test_the_signal_to_noise_ratio_falls_with_the_dimension_and_rises_with_the_directions(direction: str, excess: int) -> None:
    assert theory.signal_to_noise(direction, 3, 50) == pytest.approx(3 / (50 + excess))


def test_the_signal_to_noise_ratio_is_known_of_every_direction() -> None:
    assert set(theory.EXCESS) == set(DIRECTIONS)
    assert np.isnan(theory.signal_to_noise("a law of one's own", 1, 50))


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=6), st.floats(0.9, 1.1))
@settings(max_examples=50, deadline=None)
def test_at_the_stable_rate_the_second_moments_neither_grow_nor_shrink(eigenvalues: list[float], share: float) -> None:
    hessian = np.array(eigenvalues)
    rate = theory.stable_rate(hessian) * share
    d = len(hessian)
    step = np.diag(1 - 2 * rate * hessian + 2 * (rate * hessian) ** 2) + rate**2 * np.outer(np.ones(d), hessian**2)
    radius = np.abs(np.linalg.eigvals(step)).max()
    assert np.sign(radius - 1) == np.sign(share - 1) or abs(radius - 1) < 1e-6


@pytest.mark.parametrize("dimension", [1, 2, 100, 10_000])
def test_the_stable_rate_of_a_multiple_of_the_identity(dimension: int) -> None:
    assert theory.stable_rate(np.full(dimension, 4.0)) == pytest.approx(2 / (4.0 * (dimension + 2)), rel=1e-6)
