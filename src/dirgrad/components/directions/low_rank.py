from math import sqrt
from typing import ClassVar

from pydantic import PositiveInt

from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Array, Key, Ops, Params


@component
class LowRank:
    """A normalized sum of r outer products of random signs for every weight array.

    Every array of two or more axes is sum_j a_j b_j^T / sqrt(r), and a_j and b_j have independent
    signs. Every other array has independent signs. E[v v^T] = I. A rank above one needs more draws
    and more products than `rank_one` and does not reduce the noise, because ||v||^2 is constant
    only for r = 1. For a single matrix the SNR is 1 / (d - 1 + 2 (1 - 1/r)). It lies between the
    SNR of independent signs and the SNR of Gaussian entries, and tends to the latter as r grows.
    """

    is_factored: ClassVar[bool] = True

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
            lambda n: ops.reused_signs(key, n, leaf), like, count_entries, build
        )

    def excess(self, shares: Shares) -> float:
        """Return 2 (1 - 1/r) times the matrices' share of ||g||^2, minus 1.

        Let G be the gradient of one matrix (m, n). ||V||^2 is m n plus the sum over j != k of
        (a_j . a_k)(b_j . b_k) / r. The product of this sum with (G . V)^2 has the mean
        2 (1 - 1/r) ||G||^2. The arrays of v are independent of each other, so their contributions
        add up.
        """
        total = 0.0
        for array in shares:
            is_matrix = len(array.shape) > 1
            total += array.share * (2 * (1 - 1 / self.rank) if is_matrix else 0)
        return total - 1

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the Gaussian value plus the fourth cumulants, see `_outer_products`."""
        lengths = _outer_products.factor_lengths
        return _outer_products.curvature_noise(curvature, 1.0, self.rank, lengths)
