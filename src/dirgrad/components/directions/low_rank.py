from math import sqrt

from pydantic import PositiveInt

from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Key, Ops, Params


@component
class LowRank:
    """A normalized sum of r outer products of random signs for every weight array.

    Every array of two or more axes is sum_j a_j b_j^T / sqrt(r), and a_j and b_j have independent
    signs. Every other array has independent signs. E[v v^T] = I. A rank
    above one needs more draws and more products than `rank_one` and does not reduce the noise,
    because ||v||^2 is constant only for r = 1. For a single
    matrix the SNR is 1 / (d - 1 + 2 (1 - 1/r)). It lies between the SNR of independent signs and
    the SNR of Gaussian entries, and tends to the latter as r grows.
    """

    rank: PositiveInt
    """Number of outer products, r."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction: a stacked `OuterProduct` per weight array, plain arrays otherwise."""
        leaf = tree.first_leaf(like)

        def count_entries(shape: _outer_products.Shape) -> int:
            return self.rank * _outer_products.count_factor_entries(shape)

        def build(signs: Array, shape: _outer_products.Shape) -> tree.OuterProduct:
            left, right = _outer_products.sum_of_outer_products(signs, shape, self.rank)
            return tree.OuterProduct(left / sqrt(self.rank), right)

        return _outer_products.draw_structured(
            lambda n: ops.signs(key, n, leaf), like, count_entries, build
        )
