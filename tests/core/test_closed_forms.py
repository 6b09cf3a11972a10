"""A component declares its closed forms, and everything that uses them needs no other edit."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest

from dirgrad.components.directions.antithetic import Antithetic
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.low_rank import LowRank
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.directions.replayed import Replayed
from dirgrad.components.directions.sphere import Sphere
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.clipped_forward_gradient import ClippedForwardGradient
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.uoro import Uoro
from dirgrad.components.problems.quadratic import Quadratic
from dirgrad.components.registry import component
from dirgrad.core import closed_forms
from dirgrad.core.closed_forms import GradientShare, Shares
from dirgrad.core.types import Backend, Direction, Key, Ops, Params
from support.cases import DIRECTIONS
from support.confidence import z_bound
from support.drawn_directions import (
    DIMENSION,
    GRADIENT,
    SHAPES,
    draw_directions,
    draw_estimate_directions,
)
from support.ternary import Ternary

MATRIX = [GradientShare((2, 2), 1.0)]
LANES = 40_000
COUNT = 5
"""Largest number of directions in a checked mean: no multiple of a pair or of a group."""
LANES_FOR_MOMENTS = 400_000
"""The fourth moment of an estimate has a heavy tail. For this number of normal draws, 240 simulated
z had the standard deviation 0.99 and none was beyond -3.5, as for a normal law."""


@component
class Undeclared:
    """A law without closed forms."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return Gaussian().draw(ops, key, like)


@component
class WronglyDeclared:
    """A Gaussian law whose closed forms are wrong."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return Gaussian().draw(ops, key, like)

    def excess(self, shares: Shares) -> float:
        return 4.0

    def cosine(self, dimension: int) -> float:
        return 1.1 * Gaussian().cosine(dimension)

    def variance(self, gradient: np.ndarray, norm: float) -> np.ndarray:
        return Gaussian().variance(gradient, norm)

    def kurtosis(self, gradient: np.ndarray, norm: float) -> np.ndarray:
        return 1.2 * Gaussian().kurtosis(gradient, norm)


@component
class PairsWithoutNoise:
    """A law of pairs that declares no noise of their mean."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return Gaussian().draw(ops, key, like)

    def draw_tied(self, ops: Ops, key: Key, j: Any, like: Params) -> Params:
        return Antithetic().draw_tied(ops, key, j, like)

    def excess(self, shares: Shares) -> float:
        return 1.0


@component
class PairsAsIndependent(PairsWithoutNoise):
    """A law of pairs that declares the noise of independent directions."""

    def excess_of_mean(self, num_directions: int, shares: Shares) -> float:
        return 1.0


LAWS = DIRECTIONS | {"ternary": Ternary()}


def gradient_shares() -> list[GradientShare]:
    """Return the shares of `GRADIENT`, whose arrays follow each other."""
    shares, first = [], 0
    for name, shape in SHAPES.items():
        leaf = GRADIENT[first : first + prod(shape)]
        first += prod(shape)
        share = float(leaf @ leaf) / float(GRADIENT @ GRADIENT)
        shares.append(GradientShare(shape, share, name))
    return shares


def declaring(protocol: type) -> list[str]:
    """Return the names of the laws that declare a closed form."""
    return [name for name, law in LAWS.items() if isinstance(law, protocol)]


def check_mean(values: np.ndarray, expected: np.ndarray | float, num_comparisons: int) -> None:
    """Check the mean of independent rows, with z_bound's probability of a false alarm."""
    # Values without variance have the standard error 0; the addend allows for their rounding.
    standard_error = values.std(axis=0) / np.sqrt(len(values)) + 1e-12 * np.abs(expected)
    z = (values.mean(axis=0) - expected) / standard_error
    assert (np.abs(z) < z_bound(num_comparisons)).all()


def check_noise(backend: Backend, law: Direction) -> None:
    """Check the declared noise of the mean over 1 to COUNT directions."""
    v = draw_estimate_directions(backend, law, LANES, COUNT)
    estimates = (v @ GRADIENT)[:, :, None] * v
    for num_directions in range(1, COUNT + 1):
        error = estimates[:, :num_directions].mean(axis=1) - GRADIENT
        relative_error = (error**2).sum(axis=1) / (GRADIENT @ GRADIENT)
        estimator = ForwardGradient(direction=law, num_directions=num_directions)
        snr = closed_forms.signal_to_noise(estimator, gradient_shares())
        check_mean(relative_error, 1 / snr, COUNT)


def check_cosine(backend: Backend, law: Direction) -> None:
    """Check the declared mean cosine between an estimate and the gradient."""
    v = draw_directions(backend, law, LANES)
    cosines = np.abs(v @ GRADIENT) / (np.linalg.norm(v, axis=1) * np.linalg.norm(GRADIENT))
    declared = closed_forms.cosine(ForwardGradient(direction=law), gradient_shares())
    check_mean(cosines, declared, 1)


def check_moments(backend: Backend, law: Direction) -> None:
    """Check the declared variance and kurtosis of every coordinate of an estimate."""
    v = draw_directions(backend, law, LANES_FOR_MOMENTS)
    errors = (v @ GRADIENT)[:, None] * v - GRADIENT
    norm = float(np.linalg.norm(GRADIENT))
    variance, kurtosis = closed_forms.moments(ForwardGradient(direction=law), GRADIENT, norm)
    check_mean(errors**2, variance, 2 * DIMENSION)
    check_mean(errors**4, kurtosis * variance**2, 2 * DIMENSION)


@pytest.mark.parametrize("name", declaring(closed_forms.HasExcess))
def test_the_declared_noise_of_a_law_agrees_with_monte_carlo(backend: Backend, name: str) -> None:
    check_noise(backend, LAWS[name])


@pytest.mark.parametrize("name", declaring(closed_forms.HasCosine))
def test_the_declared_cosine_of_a_law_agrees_with_monte_carlo(backend: Backend, name: str) -> None:
    check_cosine(backend, LAWS[name])


@pytest.mark.parametrize("name", declaring(closed_forms.HasMoments))
def test_the_declared_moments_of_a_law_agree_with_monte_carlo(backend: Backend, name: str) -> None:
    check_moments(backend, LAWS[name])


@pytest.mark.parametrize("check", [check_noise, check_cosine, check_moments])
def test_a_wrong_declaration_fails_its_check(
    backend: Backend, check: Callable[[Backend, Direction], None]
) -> None:
    with pytest.raises(AssertionError):
        check(backend, WronglyDeclared())


@pytest.mark.parametrize("law", [PairsWithoutNoise(), PairsAsIndependent()])
def test_the_noise_of_tied_directions_must_be_declared_and_right(
    backend: Backend, law: Direction
) -> None:
    with pytest.raises(AssertionError):
        check_noise(backend, law)


def test_tied_directions_without_a_declared_noise_have_a_closed_form_for_one_only() -> None:
    law = PairsWithoutNoise()
    assert closed_forms.mean_signal_to_noise(law, 1, MATRIX) == 1 / 5
    assert np.isnan(closed_forms.mean_signal_to_noise(law, 2, MATRIX))
    assert np.isnan(closed_forms.mean_signal_to_noise(Replayed(direction=law), 2, MATRIX))


def test_a_replayed_law_has_the_noise_of_its_own_rank() -> None:
    plain = ForwardGradient(direction=LowRank(rank=4))
    replayed = ForwardGradient(direction=Replayed(direction=LowRank(rank=4)))
    snr = 1 / (4 - 1 + 2 * (1 - 1 / 4))
    assert closed_forms.signal_to_noise(plain, MATRIX) == pytest.approx(snr)
    assert closed_forms.signal_to_noise(replayed, MATRIX) == pytest.approx(snr)
    assert snr == pytest.approx(0.2222, abs=1e-4)


def test_a_law_without_a_declaration_has_no_closed_form() -> None:
    estimator = ForwardGradient(direction=Undeclared())
    assert np.isnan(closed_forms.signal_to_noise(estimator, MATRIX))
    assert np.isnan(closed_forms.cosine(estimator, MATRIX))
    assert closed_forms.moments(estimator, np.ones(4), 2.0) is None
    assert closed_forms.stable_rate(estimator, np.ones(4)) is None
    # The number of products follows from the estimator, not from the law.
    assert closed_forms.least_products(estimator, 2.0) == 3.0


def test_a_replayed_law_is_factored_as_the_law_that_it_replays() -> None:
    assert closed_forms.is_factored(Replayed(direction=RankOne()))
    assert not closed_forms.is_factored(Replayed(direction=Gaussian()))


def test_k_directions_share_an_evaluation_and_uoro_declares_no_products() -> None:
    four = ForwardGradient(direction=Gaussian(), num_directions=4)
    assert closed_forms.least_products(four, 1.5) == 1 + 4 * 1.5
    assert closed_forms.least_products(Backprop(), 1.5) == 2.5
    assert np.isnan(closed_forms.least_products(Uoro(), 1.5))


def test_the_cosine_is_declared_for_one_direction_only() -> None:
    single = ForwardGradient(direction=Gaussian(), num_directions=1)
    double = ForwardGradient(direction=Gaussian(), num_directions=2)
    assert closed_forms.cosine(single, MATRIX) > 0
    assert np.isnan(closed_forms.cosine(double, MATRIX))


def test_moments_are_declared_for_one_gaussian_direction_only() -> None:
    variance, _ = closed_forms.moments(ForwardGradient(direction=Gaussian()), np.ones(1), 5.0)
    np.testing.assert_allclose(variance, [26.0])
    two = ForwardGradient(direction=Gaussian(), num_directions=2)
    assert closed_forms.moments(two, np.ones(1), 5.0) is None
    assert closed_forms.moments(ForwardGradient(direction=Sphere()), np.ones(1), 5.0) is None
    assert closed_forms.moments(Backprop(), np.ones(1), 5.0) is None


def test_a_quadratic_declares_its_eigenvalues() -> None:
    assert isinstance(Quadratic(), closed_forms.HasEigenvalues)
    eigenvalues = np.array([1.0, 4.0])
    assert closed_forms.stable_rate(Backprop(), eigenvalues) == 0.5


def test_rates_on_a_quadratic_are_declared_for_one_gaussian_direction() -> None:
    eigenvalues = np.full(3, 4.0)
    single = ForwardGradient(direction=Gaussian())
    # With d = 3 and the eigenvalue l = 4, the stable rate is 2 / (l (d + 2)) = 0.1.
    assert closed_forms.stable_rate(single, eigenvalues) == pytest.approx(0.1)
    assert closed_forms.contraction(single, eigenvalues) == pytest.approx((0.05, 0.8))
    unequal = closed_forms.contraction(single, np.array([4.0, 4.0, 4.1]))
    assert unequal == pytest.approx((np.nan, np.nan), nan_ok=True)
    others = [ForwardGradient(direction=Gaussian(), num_directions=2), Uoro()]
    clipped = ClippedForwardGradient(direction=Gaussian(), bound=1.0)
    for estimator in (*others, ForwardGradient(direction=Sphere()), clipped):
        assert closed_forms.stable_rate(estimator, eigenvalues) is None
        assert closed_forms.contraction(estimator, eigenvalues) is None
    assert closed_forms.stable_rate(Backprop(), np.array([1.0, 4.0])) == 0.5
    assert closed_forms.contraction(Backprop(), eigenvalues) is None
