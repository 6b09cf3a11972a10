from math import sqrt

from pydantic import PositiveInt

from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Key, Ops, Params


@component
class LowRank:
    """Of every array of two axes or more sum_j a_j b_j^T / sqrt(r) with independent signs, of others signs: E[v v^T] = I. More
    draws and products than of rank one, and no less noise: ||v||^2 is not constant any more. Of one matrix the SNR is 1 / (d -
    1 + 2 (1 - 1/r)), between that of signs and that of Gaussian entries, which it tends to."""

    rank: PositiveInt
    """r, the number of outer products."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        def scaled(signs: Array, shape: _outer_products.Shape) -> tree.OuterProduct:
            left, right = _outer_products.outers(signs, shape, self.rank)
            return tree.OuterProduct(left / sqrt(self.rank), right)

        def count(shape: _outer_products.Shape) -> int:
            return self.rank * _outer_products.ends(shape)

        return _outer_products.drawn(
            lambda n: ops.signs(key, n, tree.first_leaf(like)), like, count, scaled
        )
