"""Antithetic directions are pairs v and -v, whose forward differences are central differences."""

import numpy as np
import pytest

from dirgrad.components.directions.antithetic import Antithetic
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.orthogonal import Orthogonal
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.directions.replayed import Replayed
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core import closed_forms
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.types import Backend, Direction, Estimator
from support.cases import CASES, compiled, loss_of, placed, to_numpy
from support.drawn_directions import draw_directions, draw_estimate_directions
from support.estimates import materialize, sampler_with_first_key

D = 10
SHARES = [GradientShare((D,), 1.0)]


def estimate(backend: Backend, estimator: Estimator, problem: str) -> dict[str, np.ndarray]:
    """Return an estimate of the gradient of a case, with the key 0."""
    loss, params = loss_of(backend, CASES[problem]), placed(backend, CASES[problem].params())

    def run(params):
        sampler = sampler_with_first_key(backend, estimator, params)
        return materialize(estimator.estimate(backend.ops, loss, params, sampler))

    return to_numpy(backend, compiled(backend, run)(params))


@pytest.mark.parametrize(
    "law",
    [
        Antithetic(),
        Antithetic(direction=RankOne()),
        Antithetic(direction=Replayed(direction=Gaussian())),
        Replayed(direction=Antithetic()),
    ],
)
def test_directions_are_pairs_of_opposite_ones(backend: Backend, law: Direction) -> None:
    v = draw_estimate_directions(backend, law, lanes=3, count=5)
    np.testing.assert_array_equal(v[:, 0], -v[:, 1])
    np.testing.assert_array_equal(v[:, 2], -v[:, 3])
    distinct = v[:, [0, 2, 4]].reshape(9, -1)
    assert len(np.unique(distinct, axis=0)) == 9


def test_the_pairs_are_the_directions_of_the_other_law(backend: Backend) -> None:
    pairs = draw_estimate_directions(backend, Antithetic(), lanes=3, count=4)
    single = draw_estimate_directions(backend, Gaussian(), lanes=3, count=2)
    np.testing.assert_array_equal(pairs[:, ::2], single)
    np.testing.assert_array_equal(
        draw_directions(backend, Antithetic(), 3), draw_directions(backend, Gaussian(), 3)
    )


@pytest.mark.parametrize("direction", [Gaussian(), RankOne(), Replayed(direction=Gaussian())])
def test_the_forward_difference_of_a_pair_is_a_central_difference(
    backend: Backend, direction: Direction
) -> None:
    eps = 0.1
    forward = FiniteDifference(
        direction=Antithetic(direction=direction), scheme="forward", eps=eps, num_directions=2
    )
    central = FiniteDifference(direction=direction, scheme="central", eps=eps)
    one_sided = FiniteDifference(direction=direction, scheme="forward", eps=eps)
    pair, expected, other = (estimate(backend, e, "mlp") for e in (forward, central, one_sided))
    for name, leaf in pair.items():
        np.testing.assert_allclose(leaf, expected[name], rtol=1e-9, atol=1e-12)
    # The even terms are large enough to be seen where they do not cancel.
    assert max(np.abs(leaf - expected[name]).max() for name, leaf in other.items()) > 1e-4


def test_a_pair_of_exact_slopes_is_one_forward_gradient(backend: Backend) -> None:
    pair = estimate(backend, ForwardGradient(direction=Antithetic(), num_directions=2), "mlp")
    single = estimate(backend, ForwardGradient(direction=Gaussian()), "mlp")
    for name, leaf in pair.items():
        np.testing.assert_allclose(leaf, single[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("num_directions", "snr"),
    [(1, 1 / 11), (2, 1 / 11), (3, 9 / (5 * 11)), (4, 2 / 11), (5, 25 / (9 * 11))],
)
def test_the_signal_to_noise_ratio_is_the_one_of_half_as_many_directions(
    num_directions: int, snr: float
) -> None:
    law = Antithetic()
    assert closed_forms.mean_signal_to_noise(law, num_directions, SHARES) == pytest.approx(snr)


@pytest.mark.parametrize(
    ("num_directions", "snr"),
    # Three pairs of orthogonal directions have three orthogonal directions.
    [(2, 1 / 9), (4, 2 / 8), (6, 3 / 7)],
)
def test_pairs_of_tied_directions_have_the_noise_of_these(num_directions: int, snr: float) -> None:
    law = Antithetic(direction=Orthogonal(count=3))
    assert closed_forms.mean_signal_to_noise(law, num_directions, SHARES) == pytest.approx(snr)


def test_a_pair_is_factored_as_the_other_law() -> None:
    assert closed_forms.is_factored(Antithetic(direction=RankOne()))
    assert not closed_forms.is_factored(Antithetic())
