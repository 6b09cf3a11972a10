from math import prod

import numpy as np
from pydantic import PositiveInt

from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Key, Ops, Params


@component
class BlockShared:
    """Of every array of two axes or more the rows in blocks, all blocks the same independent signs but for a sign of each; of
    others signs: E[v v^T] = I, since signs are independent in pairs. One row a block is rank one, one block all independent
    signs; ||v||^2 = d for all. SNR of K directions in dimension d: K / (d - 1)."""

    block: PositiveInt
    """Rows of a block; the last one may have fewer."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        some = tree.first_leaf(like)

        def count(shape: _outer_products.Shape) -> int:
            return -(-shape[0] // self.block) + self._rows(shape) * prod(shape[1:])

        def made(signs: Array, shape: _outer_products.Shape) -> tree.OuterProduct:
            blocks, rows = -(-shape[0] // self.block), np.arange(shape[0])
            within = ops.constant(
                np.equal(rows % self.block, np.arange(self._rows(shape))[:, None]).astype(float),
                some,
            )
            of_block = ops.constant(
                np.equal(rows // self.block, np.arange(blocks)[:, None]).astype(float), some
            )
            return tree.OuterProduct(
                within * (signs[:blocks] @ of_block), signs[blocks:].reshape(-1, *shape[1:])
            )

        return _outer_products.drawn(lambda n: ops.signs(key, n, some), like, count, made)

    def _rows(self, shape: _outer_products.Shape) -> int:
        return min(self.block, shape[0])
