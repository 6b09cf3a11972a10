"""The declared noise of a sum of outer products is exact, by enumeration of all signs."""

from itertools import product

import numpy as np
import pytest

from dirgrad.components.directions.low_rank import LowRank
from dirgrad.core.closed_forms import GradientShare


def enumerated_excess(rank: int, matrix: np.ndarray, vector: np.ndarray) -> float:
    """Return E[(g . v)^2 ||v||^2] / ||g||^2 - d - 1 for the gradient of a matrix and a vector."""
    rows, columns = matrix.shape
    num_signs = rank * (rows + columns) + len(vector)
    signs = np.array(list(product([-1.0, 1.0], repeat=num_signs)))
    left, right, plain = np.split(signs, [rank * rows, rank * (rows + columns)], axis=1)
    outer = np.einsum(
        "njr,njc->nrc", left.reshape(-1, rank, rows), right.reshape(-1, rank, columns)
    ) / np.sqrt(rank)
    v = np.concatenate([outer.reshape(len(signs), -1), plain], axis=1)
    gradient = np.concatenate([matrix.ravel(), vector])
    square = ((v @ gradient) ** 2 * (v**2).sum(axis=1)).mean() / (gradient @ gradient)
    return float(square - len(gradient) - 1)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("size_of_vector", [0.0, 0.5, 3.0])
def test_the_excess_is_exact_and_grows_with_the_share_of_the_matrix(
    rank: int, size_of_vector: float
) -> None:
    matrix, vector = np.array([[1.0, -2.0], [0.5, 0.3]]), np.array([size_of_vector])
    squares = [float((array**2).sum()) for array in (matrix, vector)]
    shares = [
        GradientShare(array.shape, square / sum(squares))
        for array, square in zip((matrix, vector), squares, strict=True)
    ]
    expected = enumerated_excess(rank, matrix, vector)
    assert LowRank(rank=rank).excess(shares) == pytest.approx(expected, abs=1e-12)
    assert (expected > -1 + 1e-9) is (rank > 1)
