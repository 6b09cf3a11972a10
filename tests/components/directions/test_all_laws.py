"""Directions of all laws have E[v v^T] = I, and their forward gradients the variance of theory.

The laws are those in the folder, so that a new law is checked without an edit here.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest

from dirgrad.components import registry
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Backend, Direction, Key, Ops, Params
from support import laws
from support.cases import DIRECTIONS, compiled, to_numpy
from support.confidence import z_bound
from support.drawn_directions import (
    DIMENSION,
    GRADIENT,
    SHAPES,
    draw_directions,
    draw_estimate_directions,
    zero_params,
)

LANES = 20_000
COUNT = 4
"""Number of directions of an estimate that are checked: more than a group or a pair has."""


@component
class TwiceTheVariance:
    """A law with E[v v^T] = 2 I."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return tree.scale(2**0.5, Gaussian().draw(ops, key, like))


@component
class TwiceTheVarianceOfTheLast:
    """A law that ties directions and draws a direction 3 with E[v v^T] = 2 I."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return Gaussian().draw(ops, key, like)

    def draw_tied(self, ops: Ops, key: Key, j: Any, like: Params) -> Params:
        length = ops.sqrt(1.0 + ops.one_hot(j, COUNT, tree.first_leaf(like))[-1])
        return tree.scale(length, self.draw(ops, key, like))


@cache
def draws(backend: Backend, name: str) -> np.ndarray:
    """Draw one direction of a law per lane, once for all tests: (LANES, DIMENSION)."""
    v = draw_directions(backend, DIRECTIONS[name], LANES)
    v.setflags(write=False)
    return v


def check_second_moment(v: np.ndarray) -> None:
    """Check E[v v^T] = I for independent draws of v: (draws, d)."""
    draws, dimension = v.shape
    squares = v**2
    mean = v.T @ v / draws
    variance = squares.T @ squares / draws - mean**2
    # The difference would round the variance of squares that are all 1.
    np.fill_diagonal(variance, squares.var(axis=0))
    error = mean - np.eye(dimension)
    # Products without variance have the standard error 0; the addend allows for their rounding.
    standard_error = np.sqrt(variance / draws) + 1e-12
    assert np.abs(error / standard_error).max() < z_bound(COUNT * dimension**2)


def check_every_direction(backend: Backend, law: Direction) -> None:
    """Check E[v_j v_j^T] = I for the directions j < COUNT of an estimate."""
    v = draw_estimate_directions(backend, law, LANES, COUNT)
    for j in range(COUNT):
        check_second_moment(v[:, j])


def test_every_law_in_the_folder_is_checked() -> None:
    assert {registry.kind(law) for law in DIRECTIONS.values()} == set(registry.names("directions"))


def test_every_value_for_an_option_without_a_default_is_used() -> None:
    required = {option for options in laws.required_options().values() for option in options}
    assert required == set(laws.OPTIONS)


def test_a_law_whose_option_has_no_value_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(laws.OPTIONS, "rank")
    with pytest.raises(LookupError, match=r"\['rank'\] of 'low_rank'"):
        laws.all_laws()


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_second_moment_of_every_direction_is_the_identity(backend: Backend, name: str) -> None:
    check_every_direction(backend, DIRECTIONS[name])


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_second_moment_of_a_single_direction_is_the_identity(
    backend: Backend, name: str
) -> None:
    check_second_moment(draws(backend, name))


@pytest.mark.parametrize("law", [TwiceTheVariance(), TwiceTheVarianceOfTheLast()])
def test_a_second_moment_of_two_fails_the_check(backend: Backend, law: Direction) -> None:
    with pytest.raises(AssertionError):
        check_every_direction(backend, law)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_mean_is_zero_except_for_coordinates_which_are_never_negative(
    backend: Backend, name: str
) -> None:
    v = draws(backend, name)
    if name == "coordinate":
        assert (v >= 0).all()
    else:
        z = v.mean(axis=0) * np.sqrt(LANES)
        assert np.abs(z).max() < z_bound(DIMENSION)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_forward_gradient_is_unbiased(backend: Backend, name: str) -> None:
    v = draws(backend, name)
    slopes = v @ GRADIENT
    estimates = slopes[:, None] * v
    error = estimates.mean(axis=0) - GRADIENT
    standard_error = estimates.std(axis=0) / np.sqrt(LANES)
    assert np.abs(error / standard_error).max() < z_bound(DIMENSION)

    # The mean of the estimate along the gradient detects a wrong constant factor.
    relative_length = estimates @ GRADIENT / (GRADIENT @ GRADIENT)
    standard_error_of_length = relative_length.std() / np.sqrt(LANES)
    assert abs(relative_length.mean() - 1) < z_bound(1) * standard_error_of_length


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
def test_the_relative_squared_error_is_the_dimension_plus_or_minus_one(
    backend: Backend, name: str, excess: int
) -> None:
    v = draws(backend, name)
    slopes = v @ GRADIENT
    squared_errors = ((slopes[:, None] * v - GRADIENT) ** 2).sum(axis=1)
    relative_errors = squared_errors / (GRADIENT @ GRADIENT)
    expected = DIMENSION + excess
    standard_error = relative_errors.std() / np.sqrt(LANES)
    assert abs(relative_errors.mean() - expected) < z_bound(1) * standard_error


@pytest.mark.parametrize(
    "name", ["sphere", "random_support", "rademacher", "rank_one", "coordinate"]
)
def test_the_squared_length_of_these_laws_is_the_dimension(backend: Backend, name: str) -> None:
    v = draw_directions(backend, DIRECTIONS[name], lanes=50)
    np.testing.assert_allclose((v**2).sum(axis=1), DIMENSION, rtol=1e-12)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_a_direction_depends_on_its_key_and_not_on_the_number_of_lanes(
    backend: Backend, name: str
) -> None:
    few_lanes = draw_directions(backend, DIRECTIONS[name], lanes=8)
    many_lanes = draws(backend, name)
    # The number of lanes may change the order of the sums in squared lengths and inner products.
    # Their rounding is relative to the length of v, not to each entry.
    length = np.sqrt(DIMENSION)
    np.testing.assert_allclose(few_lanes, many_lanes[:8], rtol=1e-14, atol=1e-15 * length)
    assert len(np.unique(few_lanes.round(12), axis=0)) > 1


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_direction_has_the_shapes_and_the_dtype_of_the_parameters(
    backend: Backend, name: str, dtype: str
) -> None:
    (key,) = backend.engine.keys(np.array([0]))
    params = zero_params(backend, dtype)

    def draw(key: Key) -> Params:
        return tree.materialize(DIRECTIONS[name].draw(backend.ops, key, params))

    direction = to_numpy(backend, compiled(backend, draw)(key))
    types = {leaf_name: (leaf.shape, str(leaf.dtype)) for leaf_name, leaf in direction.items()}
    assert types == {leaf_name: (shape, dtype) for leaf_name, shape in SHAPES.items()}
