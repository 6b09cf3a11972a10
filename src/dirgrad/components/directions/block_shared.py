from math import prod
from typing import ClassVar

import numpy as np
from pydantic import PositiveInt

from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Array, Key, Ops, Params


@component
class BlockShared:
    """Random signs that are shared between blocks of rows of a weight array.

    The rows of every array of two or more axes are cut into blocks. All blocks hold the same
    independent signs, and each block is multiplied by a random sign. Every other array has
    independent signs. E[v v^T] = I because signs of different entries are pairwise independent.
    Blocks of one row give a rank-one array; a single block gives independent signs. ||v||^2 = d.
    The SNR of K directions in dimension d is K / (d - 1).
    """

    is_factored: ClassVar[bool] = True

    block: PositiveInt
    """Number of rows in a block. The last block may have fewer."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction: an `OuterProduct` per weight array, plain arrays otherwise."""
        leaf = tree.first_leaf(like)

        def count_entries(shape: _outer_products.Shape) -> int:
            return self._num_blocks(shape) + self._num_rows(shape) * prod(shape[1:])

        def build(signs: Array, shape: _outer_products.Shape) -> tree.OuterProduct:
            num_blocks = self._num_blocks(shape)
            row = np.arange(shape[0])
            position_in_block = _one_hot(row % self.block, self._num_rows(shape))
            block_of_row = _one_hot(row // self.block, num_blocks)
            positions = ops.constant(position_in_block, leaf)
            blocks = ops.constant(block_of_row, leaf)
            left = positions * (signs[:num_blocks] @ blocks)
            right = signs[num_blocks:].reshape(-1, *shape[1:])
            return tree.OuterProduct(left, right)

        return _outer_products.draw_structured(
            lambda n: ops.reused_signs(key, n, leaf), like, count_entries, build
        )

    def _num_blocks(self, shape: _outer_products.Shape) -> int:
        return -(-shape[0] // self.block)

    def _num_rows(self, shape: _outer_products.Shape) -> int:
        """Return the number of rows in the largest block."""
        return min(self.block, shape[0])

    def excess(self, shares: Shares) -> float:
        """Return -1.0, since ||v||^2 = d."""
        return -1.0

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the noise of an outer product of the signs of the blocks and the shared signs."""

        def as_matrix(shape: _outer_products.Shape) -> _outer_products.Shape:
            return self._num_blocks(shape), self._num_rows(shape) * prod(shape[1:])

        return _outer_products.curvature_noise(curvature, 1.0, 1, as_matrix)


def _one_hot(index: np.ndarray, num_classes: int) -> np.ndarray:
    """Return the (num_classes, n) matrix with a 1 at row index[j] of column j."""
    classes = np.arange(num_classes)[:, None]
    is_hot: np.ndarray = np.equal(index, classes)
    return is_hot.astype(float)
