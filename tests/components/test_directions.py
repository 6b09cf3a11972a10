"""Every direction is drawn with E[v v^T] = I, and the forward gradient along it has the variance of theory."""

import numpy as np
import pytest
from scipy import stats

from dirgrad.components.directions.random_support import RandomSupport
from dirgrad.core import theory, tree
from dirgrad.core.types import Backend, Direction
from support.cases import DIRECTIONS

DIMENSION = 12
SHAPES = {"a": (2, 4), "b": (), "c": (3,)}
# One false alarm in a million runs of a test, shared among the numbers that it looks at.
FALSE_ALARM = 1e-6
GRADIENT = np.linspace(-1.0, 2.0, DIMENSION)


def draws(backend: Backend, law: str | Direction, lanes: int) -> np.ndarray:
    like = {key: backend.ops.asarray(np.zeros(shape)) for key, shape in SHAPES.items()}
    keys = backend.engine.keys(np.arange(lanes))
    law = DIRECTIONS[law] if isinstance(law, str) else law
    found = backend.engine.vmap_trials(
        lambda key: tree.materialize(law.draw(backend.ops, key, like)), (), lanes
    )(keys)
    return np.concatenate(
        [backend.engine.to_numpy(found[key]).reshape(lanes, -1) for key in SHAPES], axis=1
    )


def threshold(numbers: int) -> float:
    return float(stats.norm.ppf(1 - FALSE_ALARM / (2 * numbers)))


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_second_moment_is_the_identity(backend: Backend, name: str) -> None:
    v = draws(backend, name, 20_000)
    products = v[:, :, None] * v[:, None, :]
    error = products.mean(axis=0) - np.eye(DIMENSION)
    standard_error = products.std(axis=0) / np.sqrt(len(v)) + 1e-12
    assert np.abs(error / standard_error).max() < threshold(DIMENSION**2)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_mean_is_zero_unless_directions_come_in_one_sign(backend: Backend, name: str) -> None:
    v = draws(backend, name, 20_000)
    if name == "coordinate":
        assert (v >= 0).all()
    else:
        assert np.abs(v.mean(axis=0) * np.sqrt(len(v))).max() < threshold(DIMENSION)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_forward_gradient_is_unbiased_with_its_constant(backend: Backend, name: str) -> None:
    v = draws(backend, name, 20_000)
    estimates = (v @ GRADIENT)[:, None] * v
    standard_error = estimates.std(axis=0) / np.sqrt(len(v))
    assert np.abs((estimates.mean(axis=0) - GRADIENT) / standard_error).max() < threshold(DIMENSION)
    along = estimates @ GRADIENT / (GRADIENT @ GRADIENT)
    assert abs(along.mean() - 1) < threshold(1) * along.std() / np.sqrt(len(v))


@pytest.mark.parametrize(
    ("name", "excess"),
    [
        ("gaussian", 1),
        ("rademacher", -1),
        ("rank_one", -1),
        ("sphere", -1),
        ("random_support", -1),
        ("coordinate", -1),
    ],
)
def test_the_relative_error_is_the_dimension_plus_or_minus_one(
    backend: Backend, name: str, excess: int
) -> None:
    v = draws(backend, name, 20_000)
    error = ((((v @ GRADIENT)[:, None] * v - GRADIENT) ** 2).sum(axis=1)) / (GRADIENT @ GRADIENT)
    assert abs(error.mean() - (DIMENSION + excess)) < threshold(1) * error.std() / np.sqrt(len(v))


@pytest.mark.parametrize(
    "name", ["sphere", "random_support", "rademacher", "rank_one", "coordinate"]
)
def test_the_length_is_constant_where_the_law_says_so(backend: Backend, name: str) -> None:
    np.testing.assert_allclose((draws(backend, name, 50) ** 2).sum(axis=1), DIMENSION, rtol=1e-12)


@pytest.mark.parametrize(
    ("support", "part"), [(1, 4), (3, 4), (8, 1), (DIMENSION, 5), (99, DIMENSION)]
)
def test_the_error_on_a_part_of_the_coordinates_is_that_of_theory(
    backend: Backend, support: int, part: int
) -> None:
    v = draws(backend, RandomSupport(support=support), 20_000)
    on_part = (v @ GRADIENT) ** 2 * (v[:, :part] ** 2).sum(axis=1) / (GRADIENT @ GRADIENT)
    share = GRADIENT[:part] @ GRADIENT[:part] / (GRADIENT @ GRADIENT)
    expected = theory.mean_square_on_part(min(support, DIMENSION), part, DIMENSION, share)
    assert abs(on_part.mean() - expected) < threshold(1) * on_part.std() / np.sqrt(len(v))


def test_supports_have_their_size_and_are_uniform(backend: Backend) -> None:
    v = draws(backend, RandomSupport(support=3), 20_000)
    assert ((v != 0).sum(axis=1) == 3).all()
    together = (v != 0).astype(float).T @ (v != 0) / len(v)
    expected = np.full((DIMENSION, DIMENSION), 3 * 2 / (DIMENSION * (DIMENSION - 1)))
    np.fill_diagonal(expected, 3 / DIMENSION)
    assert np.abs(
        (together - expected) / np.sqrt(expected * (1 - expected) / len(v))
    ).max() < threshold(DIMENSION**2)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_same_key_gives_the_same_direction_alone_and_beside_others(
    backend: Backend, name: str
) -> None:
    # But for the order in which the entries of a length are added up.
    np.testing.assert_allclose(draws(backend, name, 8), draws(backend, name, 3000)[:8], rtol=1e-14)
    assert len(np.unique(draws(backend, name, 8).round(12), axis=0)) > 1


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_direction_has_the_shapes_and_the_dtype_of_the_parameters(
    backend: Backend, name: str, dtype: str
) -> None:
    like = {key: backend.ops.asarray(np.zeros(shape, dtype)) for key, shape in SHAPES.items()}
    (key,) = backend.engine.keys(np.array([0]))
    found = {
        k: backend.engine.to_numpy(leaf)
        for k, leaf in tree.materialize(DIRECTIONS[name].draw(backend.ops, key, like)).items()
    }
    assert {k: (leaf.shape, str(leaf.dtype)) for k, leaf in found.items()} == {
        k: (shape, dtype) for k, shape in SHAPES.items()
    }
