"""Random supports have the configured size, are uniform, and have the error of theory."""

import numpy as np
import pytest

from dirgrad.components.directions.random_support import RandomSupport
from dirgrad.core import theory
from dirgrad.core.types import Backend
from support.confidence import z_bound
from support.drawn_directions import (
    DIMENSION,
    GRADIENT,
    draw_directions,
    draw_estimate_directions,
)

LANES = 20_000


@pytest.mark.parametrize(
    ("support", "part"), [(1, 4), (3, 4), (8, 1), (DIMENSION, 5), (99, DIMENSION)]
)
def test_the_mean_square_on_a_part_of_the_coordinates_agrees_with_theory(
    backend: Backend, support: int, part: int
) -> None:
    v = draw_directions(backend, RandomSupport(support=support), LANES)
    slopes = v @ GRADIENT
    squares_on_part = slopes**2 * (v[:, :part] ** 2).sum(axis=1) / (GRADIENT @ GRADIENT)
    share = GRADIENT[:part] @ GRADIENT[:part] / (GRADIENT @ GRADIENT)
    expected = theory.mean_square_on_part(min(support, DIMENSION), part, DIMENSION, share)
    standard_error = squares_on_part.std() / np.sqrt(LANES)
    assert abs(squares_on_part.mean() - expected) < z_bound(1) * standard_error


def test_all_supports_have_their_size_and_all_pairs_are_equally_likely(backend: Backend) -> None:
    size = 3
    v = draw_directions(backend, RandomSupport(support=size), LANES)
    is_nonzero = v != 0
    assert (is_nonzero.sum(axis=1) == size).all()

    frequency_of_pairs = is_nonzero.astype(float).T @ is_nonzero / LANES
    probability_of_a_pair = size * (size - 1) / (DIMENSION * (DIMENSION - 1))
    expected = np.full((DIMENSION, DIMENSION), probability_of_a_pair)
    np.fill_diagonal(expected, size / DIMENSION)
    standard_error = np.sqrt(expected * (1 - expected) / LANES)
    z = (frequency_of_pairs - expected) / standard_error
    assert np.abs(z).max() < z_bound(DIMENSION**2)


@pytest.mark.parametrize(("support", "part"), [(3, 5), (DIMENSION, 7)])
def test_the_scale_of_the_evaluations_is_the_mean_square_of_k_directions(
    backend: Backend, support: int, part: int
) -> None:
    count = 4
    v = draw_estimate_directions(backend, RandomSupport(support=support), LANES, count)
    gradient = np.where(np.arange(DIMENSION) < part, GRADIENT, 0.0)
    estimates = ((v @ gradient)[:, :, None] * v).mean(axis=1)
    squares_on_part = (estimates[:, :part] ** 2).sum(axis=1) / (gradient @ gradient)
    mean_square = theory.mean_square_on_part(support, part, DIMENSION, share=1.0)
    expected = theory.evaluations_scale(count, mean_square) / count
    standard_error = squares_on_part.std() / np.sqrt(LANES)
    assert abs(squares_on_part.mean() - expected) < z_bound(1) * standard_error
