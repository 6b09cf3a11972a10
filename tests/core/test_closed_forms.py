"""A component declares its closed forms, and everything that uses them needs no other edit."""

from math import prod

import numpy as np
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.low_rank import LowRank
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.directions.replayed import Replayed
from dirgrad.components.directions.sphere import Sphere
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.uoro import Uoro
from dirgrad.components.problems.quadratic import Quadratic
from dirgrad.components.registry import component
from dirgrad.core import closed_forms
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.types import Backend, Key, Ops, Params
from support.cases import DIRECTIONS
from support.drawn_directions import GRADIENT, SHAPES, draw_directions
from support.ternary import Ternary

MATRIX = [GradientShare((2, 2), 1.0)]
LANES = 40_000


@component
class Undeclared:
    """A law without closed forms."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return Gaussian().draw(ops, key, like)


LAWS = DIRECTIONS | {"ternary": Ternary()}


def gradient_shares() -> list[GradientShare]:
    """Return the shares of `GRADIENT`, whose arrays follow each other."""
    shares, first = [], 0
    for shape in SHAPES.values():
        leaf = GRADIENT[first : first + prod(shape)]
        first += prod(shape)
        shares.append(GradientShare(shape, float(leaf @ leaf) / float(GRADIENT @ GRADIENT)))
    return shares


@pytest.mark.parametrize("name", LAWS)
def test_the_declared_noise_of_a_law_agrees_with_monte_carlo(backend: Backend, name: str) -> None:
    v = draw_directions(backend, LAWS[name], LANES)
    estimates = (v @ GRADIENT)[:, None] * v
    squared_error = ((estimates - GRADIENT) ** 2).sum(axis=1) / (GRADIENT @ GRADIENT)
    estimator = ForwardGradient(direction=LAWS[name])
    declared = 1 / closed_forms.signal_to_noise(estimator, gradient_shares())
    standard_error = squared_error.std() / np.sqrt(LANES) + 1e-12 * declared
    assert abs(squared_error.mean() - declared) < 4.5 * standard_error


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
