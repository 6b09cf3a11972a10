"""Groups of directions are orthogonal, have the length sqrt(d), and are uniform."""

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components.directions.antithetic import Antithetic
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.orthogonal import Orthogonal
from dirgrad.components.directions.replayed import Replayed
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core import closed_forms, theory, tree
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.directions import jth_direction
from dirgrad.core.types import Backend, Direction
from support.cases import CASES, compiled, loss_of, placed, to_numpy
from support.confidence import z_bound
from support.drawn_directions import DIMENSION, draw_estimate_directions, zero_params
from support.estimates import materialize, sampler_with_first_key

LANES = 20_000


def gram(v: np.ndarray) -> np.ndarray:
    """Return the inner products of directions (lanes, count, d), divided by d."""
    return v @ v.swapaxes(1, 2) / v.shape[2]


@pytest.mark.parametrize("count", [1, 5, DIMENSION])
def test_a_group_is_orthogonal_and_its_squared_lengths_are_the_dimension(
    backend: Backend, count: int
) -> None:
    v = draw_estimate_directions(backend, Orthogonal(count=count), 50, count)
    identity = np.broadcast_to(np.eye(count), (50, count, count))
    np.testing.assert_allclose(gram(v), identity, atol=1e-14)


@pytest.mark.parametrize("name", backends.NAMES)
def test_a_full_group_is_orthogonal_in_float32(name: str) -> None:
    backend = backends.load(name, threads=1, precision="float64")
    ops, law, dimension = backend.ops, Orthogonal(count=40), 40
    params = {"x": ops.asarray(np.zeros(dimension, np.float32))}
    (key,) = backend.engine.keys(np.array([0]))

    def draw(key):
        return ops.vmap(lambda j: jth_direction(ops, law, key, j, params)["x"])(ops.arange(40))

    v = backend.engine.to_numpy(compiled(backend, draw)(key))
    assert v.dtype == np.float32
    # Each of the 40 reflections rounds by a few units of 2^-24, relative to the length.
    np.testing.assert_allclose(gram(v[None].astype(float))[0], np.eye(40), atol=40 * 3 * 2**-24)


def test_directions_of_different_groups_are_independent(backend: Backend) -> None:
    v = draw_estimate_directions(backend, Orthogonal(count=2), LANES, 4)
    products = gram(v)
    np.testing.assert_allclose(products[:, 0, 1], 0, atol=1e-14)
    np.testing.assert_allclose(products[:, 2, 3], 0, atol=1e-14)
    across = products[:, :2, 2:]
    # For independent uniform u and w on the unit sphere, E[(u . w)^2] = 1/d.
    squares = across**2
    z = (squares.mean(axis=0) - 1 / DIMENSION) / (squares.std(axis=0) / np.sqrt(LANES))
    assert np.abs(z).max() < z_bound(4)


def test_the_entries_have_the_fourth_moments_of_a_haar_matrix(backend: Backend) -> None:
    v = draw_estimate_directions(backend, Orthogonal(count=3), LANES, 3)
    n = DIMENSION
    q = v / np.sqrt(n)

    def z(values: np.ndarray, expected: float) -> float:
        error = values.mean(axis=0) - expected
        return float(np.abs(error / (values.std(axis=0) / np.sqrt(LANES))).max())

    same_row = 1 / (n * (n + 2))
    other_row = (n + 1) / ((n - 1) * n * (n + 2))
    crossed = -1 / ((n - 1) * n * (n + 2))
    assert z(q**4, 3 * same_row) < z_bound(3 * n)
    assert z(q[:, 0] ** 2 * q[:, 2] ** 2, same_row) < z_bound(n)
    assert z(q[:, 0, :-1] ** 2 * q[:, 2, 1:] ** 2, other_row) < z_bound(n - 1)
    minors = q[:, 0, :-1] * q[:, 0, 1:] * q[:, 2, :-1] * q[:, 2, 1:]
    assert z(minors, crossed) < z_bound(n - 1)
    # The signs are independent of each other.
    assert z(q, 0.0) < z_bound(3 * n)
    assert z(q[:, 0] * q[:, 1], 0.0) < z_bound(n)


def test_as_many_directions_as_parameters_give_the_gradient(backend: Backend) -> None:
    case = CASES["quadratic"]
    loss, params = loss_of(backend, case), placed(backend, case.params())
    d = tree.num_entries(params)
    estimator = ForwardGradient(direction=Orthogonal(count=d), num_directions=d)

    def estimate(params):
        sampler = sampler_with_first_key(backend, estimator, params)
        return materialize(estimator.estimate(backend.ops, loss, params, sampler))

    estimated = to_numpy(backend, compiled(backend, estimate)(params))["x"]
    gradient = case.problem.eigenvalues() * case.params()["x"]
    np.testing.assert_allclose(estimated, gradient, rtol=1e-9, atol=1e-12)


def test_replayed_groups_are_orthogonal_in_every_array(backend: Backend) -> None:
    params = {"a": backend.ops.asarray(np.zeros((2, 4))), "c": backend.ops.asarray(np.zeros(3))}
    law = Replayed(direction=Orthogonal(count=3))
    (key,) = backend.engine.keys(np.array([0]))
    directions = [
        to_numpy(backend, jth_direction(backend.ops, law, key, j, params)) for j in range(3)
    ]
    for name, size in {"a": 8, "c": 3}.items():
        v = np.stack([direction[name].ravel() for direction in directions])
        np.testing.assert_allclose(v @ v.T, size * np.eye(3), atol=1e-13)


@pytest.mark.parametrize(
    ("num_directions", "snr"),
    # Two groups of 4 of 10 dimensions, and one group with a part of the next one.
    [(1, 1 / 9), (3, 3 / 7), (4, 4 / 6), (8, 8 / 6), (6, 36 / (4 * 6 + 2 * 8))],
)
def test_the_signal_to_noise_ratio_adds_up_over_groups(num_directions: int, snr: float) -> None:
    law, shares = Orthogonal(count=4), [GradientShare((10,), 1.0)]
    assert closed_forms.mean_signal_to_noise(law, num_directions, shares) == pytest.approx(snr)
    replayed = Replayed(direction=law)
    assert closed_forms.mean_signal_to_noise(replayed, num_directions, shares) == pytest.approx(snr)


@pytest.mark.parametrize("num_directions", [1, 4, 10])
def test_a_group_has_the_noise_of_an_unbiased_projection(num_directions: int) -> None:
    law, shares = Orthogonal(count=10), [GradientShare((10,), 1.0)]
    declared = closed_forms.mean_signal_to_noise(law, num_directions, shares)
    expected = theory.projected_signal_to_noise("unbiased", num_directions, 10)
    assert declared == pytest.approx(expected)


def test_more_orthogonal_directions_than_dimensions_are_refused(backend: Backend) -> None:
    (key,) = backend.engine.keys(np.array([0]))
    with pytest.raises(NotImplementedError) as refusal:
        Orthogonal(count=13).draw(backend.ops, key, zero_params(backend))
    assert str(refusal.value) == (
        "13 directions cannot be orthogonal in 12 dimensions: "
        "set `count` of `orthogonal` to at most 12"
    )


@pytest.mark.parametrize(
    "law",
    [
        Orthogonal(count=3),
        Antithetic(direction=Gaussian()),
        Replayed(direction=Orthogonal(count=3)),
    ],
)
def test_the_excess_of_one_direction_is_the_excess_of_a_mean_over_one(law: Direction) -> None:
    shares = [GradientShare((2, 2), 0.7), GradientShare((3,), 0.3)]
    assert closed_forms.excess(law, shares) == pytest.approx(law.excess_of_mean(1, shares))
