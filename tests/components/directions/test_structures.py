"""Structured laws have the rank, the blocks and the number of nonzeros of their options."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dirgrad.components.directions.block_shared import BlockShared
from dirgrad.components.directions.coordinate import Coordinate
from dirgrad.components.directions.low_rank import LowRank
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.directions.rank_one_gaussian import RankOneGaussian
from dirgrad.core import tree
from dirgrad.core.types import Backend, Direction, Key

SHAPE = (7, 6)
DRAWS = 40


def drawn_matrices(backend: Backend, law: Direction) -> np.ndarray:
    """Draw the matrix of one direction per key: (DRAWS, 7, 6)."""
    like = {"x": backend.ops.asarray(np.zeros(SHAPE))}

    def draw(key):
        return tree.materialize(law.draw(backend.ops, key, like))["x"]

    keys = backend.engine.keys(np.arange(DRAWS))
    matrices = backend.engine.vmap_trials(draw, (), DRAWS)(keys)
    return backend.engine.to_numpy(matrices)


@pytest.mark.parametrize(
    ("law", "rank"),
    [(RankOne(), 1), (RankOneGaussian(), 1), (LowRank(rank=1), 1), (LowRank(rank=3), 3)],
)
def test_a_matrix_has_at_most_the_rank_of_its_law(
    backend: Backend, law: Direction, rank: int
) -> None:
    ranks = [np.linalg.matrix_rank(matrix) for matrix in drawn_matrices(backend, law)]
    assert max(ranks) == rank


@pytest.mark.parametrize("block", [1, 3, 7, 9])
def test_rows_at_one_position_of_their_blocks_are_equal_up_to_the_sign_of_their_block(
    backend: Backend, block: int
) -> None:
    matrices = drawn_matrices(backend, BlockShared(block=block))
    assert set(np.unique(matrices)) == {-1.0, 1.0}
    # Two rows are equal up to a sign if their inner product is 6 or -6.
    products = np.abs(matrices @ matrices.transpose(0, 2, 1))
    always_equal = (products == SHAPE[1]).all(axis=0)
    row = np.arange(SHAPE[0])
    expected = (row % block)[:, None] == (row % block)[None, :]
    np.testing.assert_array_equal(always_equal, expected)
    # All rows of a block have the sign of the block.
    signs = (matrices * matrices[:, row % block]).mean(axis=2)
    for number in range(-(-SHAPE[0] // block)):
        of_block = signs[:, row // block == number]
        np.testing.assert_array_equal(of_block, of_block[:, :1].repeat(of_block.shape[1], 1))


def test_a_coordinate_is_one_entry_of_the_length_of_a_direction(backend: Backend) -> None:
    matrices = drawn_matrices(backend, Coordinate())
    assert ((matrices != 0).sum(axis=(1, 2)) == 1).all()
    np.testing.assert_allclose(matrices.max(axis=(1, 2)), np.sqrt(42), rtol=1e-12)


@pytest.mark.parametrize(("block", "count"), [(1, 5 + 3), (2, 3 + 2 * 3), (9, 1 + 5 * 3)])
def test_blocks_draw_one_sign_each_besides_the_signs_that_they_share(
    block: int, count: int
) -> None:
    drawn = []

    def draw_signs(key: Key, n: int, leaf: np.ndarray) -> np.ndarray:
        drawn.append(n)
        return np.ones(n)

    ops: Any = SimpleNamespace(reused_signs=draw_signs, constant=lambda x, leaf: x)
    BlockShared(block=block).draw(ops, None, {"w": np.zeros((5, 3))})
    assert drawn == [count]
