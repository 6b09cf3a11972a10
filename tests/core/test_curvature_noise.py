"""The curvature-weighted noise E[e^T H e] that a law declares agrees with its directions."""

from collections.abc import Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dirgrad.components.directions.antithetic import Antithetic
from dirgrad.components.directions.block_shared import BlockShared
from dirgrad.components.directions.coordinate import Coordinate
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.low_rank import LowRank
from dirgrad.components.directions.orthogonal import Orthogonal
from dirgrad.components.directions.rademacher import Rademacher
from dirgrad.components.directions.random_support import RandomSupport
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.directions.rank_one_gaussian import RankOneGaussian
from dirgrad.components.directions.replayed import Replayed
from dirgrad.components.directions.sphere import Sphere
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.registry import component
from dirgrad.core import closed_forms, curvature_noise, tree
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.directions import TiedDirection
from dirgrad.core.types import Backend, Direction, Key, Ops, Params
from support.cases import DIRECTIONS
from support.confidence import z_bound
from support.drawn_directions import DIMENSION, GRADIENT, SHAPES, draw_estimate_directions
from support.ternary import Ternary

LANES = 20_000
COUNT = 4
"""Largest number of directions of a checked mean: a group of three and one more."""
SMALL = {"a": (3, 2), "b": (2,), "c": ()}
"""Shapes of parameters whose directions can all be listed. A block of two rows is not full."""


def curvature_of(shapes: dict[str, tuple[int, ...]], seed: int) -> Curvature:
    """Return a random gradient and a random symmetric Hessian with a positive trace."""
    rng = np.random.default_rng(seed)
    gradient = tuple(np.array(rng.standard_normal(shape)) for shape in shapes.values())
    dimension = sum(leaf.size for leaf in gradient)
    hessian = rng.standard_normal((dimension, dimension))
    return Curvature(gradient, hessian + hessian.T + 2 * np.eye(dimension), tuple(shapes))


def along(v: np.ndarray, curvature: Curvature) -> np.ndarray:
    """Return (g . v)^2 v^T H v for directions v: (n, d) -> (n,)."""
    return (v @ curvature.vector) ** 2 * ((v @ curvature.hessian) * v).sum(axis=-1)


SIGNS = ((-1.0, 0.5), (1.0, 0.5))
THREE_POINTS = ((-(3**0.5), 1 / 6), (0.0, 2 / 3), (3**0.5, 1 / 6))
"""Points and weights with the moments of N(0, 1) up to the fifth (Gauss-Hermite quadrature).

E[(g . v)^2 v^T H v] has degree four in every draw, so the quadrature is exact.
"""


def every_direction(
    law: Direction, points: tuple[tuple[float, float], ...]
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield every direction of a law of independent draws, with its probability."""
    like = {name: np.zeros(shape) for name, shape in SMALL.items()}
    asked: list[int] = []

    def draw(numbers: tuple[float, ...]) -> np.ndarray:
        def draws(key: Any, count: int, leaf: np.ndarray) -> np.ndarray:
            asked.append(count)
            return np.array(numbers) if numbers else np.ones(count)

        ops: Any = SimpleNamespace(
            signs=draws, reused_signs=draws, normal=draws, constant=lambda x, leaf: x
        )
        drawn = tree.materialize(law.draw(ops, None, like))
        return np.concatenate([np.ravel(drawn[name]) for name in SMALL])

    draw(())
    for chosen in product(points, repeat=asked[0]):
        numbers, weights = zip(*chosen, strict=True)
        yield draw(numbers), float(np.prod(weights))


LISTED = {
    "rademacher": (Rademacher(), SIGNS),
    "rank_one": (RankOne(), SIGNS),
    "low_rank": (LowRank(rank=2), SIGNS),
    "block_shared": (BlockShared(block=2), SIGNS),
    "gaussian": (Gaussian(), THREE_POINTS),
    "rank_one_gaussian": (RankOneGaussian(), THREE_POINTS),
}


@pytest.mark.parametrize("name", LISTED)
def test_the_declared_curvature_noise_is_the_mean_over_all_directions(name: str) -> None:
    law, points = LISTED[name]
    curvature = curvature_of(SMALL, seed=1)
    directions, weights = map(np.array, zip(*every_direction(law, points), strict=True))
    exact = weights @ along(directions, curvature)
    assert curvature_noise.of_law(law, 1, curvature) == pytest.approx(exact, rel=1e-10)


@pytest.fixture
def torch(both: tuple[Backend, Backend]) -> Backend:
    """Return PyTorch, which draws without compilation; other tests hold both laws equal."""
    return both[1]


@component
class WrongNoise:
    """A Gaussian law that declares the noise of signs."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return Gaussian().draw(ops, key, like)

    def curvature_noise(self, curvature: Curvature) -> float:
        return Rademacher().curvature_noise(curvature)


def gradient_arrays() -> tuple[np.ndarray, ...]:
    """Return GRADIENT in the shapes SHAPES."""
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in SHAPES.values()])
    parts = np.split(GRADIENT, ends[:-1])
    return tuple(part.reshape(shape) for part, shape in zip(parts, SHAPES.values(), strict=True))


def declared_counts(law: Direction) -> list[int]:
    """Return the numbers of directions for which a law declares the noise of their mean."""
    replays_tied = isinstance(law, Replayed) and isinstance(law.direction, TiedDirection)
    return [1] if replays_tied else list(range(1, COUNT + 1))


def check_by_monte_carlo(backend: Backend, law: Direction) -> None:
    """Check the declared noise of the mean over 1 to COUNT directions."""
    curvature = curvature_of(SHAPES, seed=2)._replace(gradient=gradient_arrays())
    v = draw_estimate_directions(backend, law, LANES, COUNT)
    estimates = (v @ GRADIENT)[:, :, None] * v
    for num_directions in declared_counts(law):
        e = estimates[:, :num_directions].mean(axis=1)
        values = ((e @ curvature.hessian) * e).sum(axis=1)
        expected = curvature_noise.of_law(law, num_directions, curvature)
        standard_error = values.std() / np.sqrt(LANES) + 1e-12 * abs(expected)
        assert abs(values.mean() - expected) < z_bound(COUNT) * standard_error


DECLARING = [
    name for name, law in DIRECTIONS.items() if isinstance(law, curvature_noise.HasCurvatureNoise)
]


def test_every_law_in_the_folder_declares_its_curvature_noise() -> None:
    assert list(DIRECTIONS) == DECLARING


@pytest.mark.parametrize("name", DECLARING)
def test_the_declared_curvature_noise_agrees_with_monte_carlo(torch: Backend, name: str) -> None:
    check_by_monte_carlo(torch, DIRECTIONS[name])


def test_a_wrong_curvature_noise_fails_the_check(torch: Backend) -> None:
    with pytest.raises(AssertionError):
        check_by_monte_carlo(torch, WrongNoise())


@pytest.mark.parametrize("name", DECLARING)
def test_with_the_identity_as_hessian_it_is_the_mean_square_of_the_estimate(name: str) -> None:
    law, gradient = DIRECTIONS[name], gradient_arrays()
    curvature = Curvature(gradient, np.eye(DIMENSION), tuple(SHAPES))
    square = float(GRADIENT @ GRADIENT)
    shares = [
        closed_forms.GradientShare(g.shape, float((g**2).sum()) / square, name)
        for g, name in zip(gradient, SHAPES, strict=True)
    ]
    for num_directions in declared_counts(law):
        snr = closed_forms.mean_signal_to_noise(law, num_directions, shares)
        noise = curvature_noise.of_law(law, num_directions, curvature)
        assert noise == pytest.approx(square * (1 + 1 / snr), rel=1e-12)


def test_rank_one_signs_weigh_curvature_three_times_where_the_rows_share_it() -> None:
    """For H = A x I, v^T H v is n a^T A a and (g . v)^2 falls on the same factor a."""
    n = 50
    gradient = np.ones((2, n))
    hessian = np.kron(np.array([[1.0, 1.0], [1.0, 1.0]]), np.eye(n))
    curvature = Curvature((gradient,), hessian)
    ratios = {
        law: law.curvature_noise(curvature) / curvature.trace_term
        for law in (Gaussian(), RankOne())
    }
    assert ratios[Gaussian()] == pytest.approx(1 + 2 / n)
    assert ratios[RankOne()] == pytest.approx(2 - 1 / n**2, rel=0.05)


def test_a_law_without_a_declaration_has_no_curvature_noise() -> None:
    curvature = curvature_of(SMALL, seed=0)
    for law in (Ternary(), Antithetic(direction=Ternary()), Replayed(direction=Ternary())):
        assert np.isnan(curvature_noise.of_law(law, 1, curvature))


def test_replayed_laws_that_are_not_symmetric_or_that_tie_directions_have_none() -> None:
    curvature = curvature_of(SMALL, seed=0)
    for law in (Coordinate(), Antithetic(direction=Coordinate())):
        assert not curvature_noise.is_symmetric(law)
        assert np.isnan(curvature_noise.of_law(Replayed(direction=law), 1, curvature))
    tied = Replayed(direction=Orthogonal(count=2))
    assert curvature_noise.of_law(tied, 1, curvature) > 0
    assert np.isnan(curvature_noise.of_law(tied, 2, curvature))


@pytest.mark.parametrize(
    "law",
    [
        Antithetic(direction=Rademacher()),
        Orthogonal(count=3),
        Replayed(direction=Rademacher()),
    ],
)
def test_the_noise_of_one_direction_is_the_noise_of_a_mean_over_one(law: Direction) -> None:
    curvature = curvature_of(SMALL, seed=2)
    expected = law.curvature_noise_of_mean(1, curvature)
    assert law.curvature_noise(curvature) == pytest.approx(expected)


@component
class TiedWithoutMean(Gaussian):
    """A law whose directions are equal, which declares nothing about their mean."""

    def draw_tied(self, ops: Ops, key: Key, j: Any, like: Params) -> Params:
        return self.draw(ops, key, like)


def test_tied_directions_have_a_declared_noise_for_one_direction_only() -> None:
    curvature = curvature_of(SMALL, seed=0)
    expected = Gaussian().curvature_noise(curvature)
    assert curvature_noise.of_law(TiedWithoutMean(), 1, curvature) == pytest.approx(expected)
    assert np.isnan(curvature_noise.of_law(TiedWithoutMean(), 2, curvature))


@pytest.mark.parametrize(("support", "law"), [(1, Coordinate()), (9, Sphere()), (20, Sphere())])
def test_a_random_support_has_its_limits(support: int, law: Direction) -> None:
    curvature = curvature_of(SMALL, seed=3)
    noise = RandomSupport(support=support).curvature_noise(curvature)
    assert noise == pytest.approx(curvature_noise.of_law(law, 1, curvature))


def test_an_estimator_has_the_noise_of_its_law_if_it_is_exact() -> None:
    curvature = curvature_of(SMALL, seed=4)
    noise = curvature_noise.of_estimate
    assert noise(Backprop(), curvature) == pytest.approx(curvature.along_gradient)
    two = ForwardGradient(direction=Gaussian(), num_directions=2)
    expected = (Gaussian().curvature_noise(curvature) + curvature.along_gradient) / 2
    assert noise(two, curvature) == pytest.approx(expected)
    difference = FiniteDifference(direction=Gaussian(), scheme="forward", eps=1e-3)
    assert np.isnan(noise(difference, curvature))
