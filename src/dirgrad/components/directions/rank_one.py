from typing import ClassVar

from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Key, Ops, Params


@component
class RankOne:
    """An outer product a b^T of random signs for every weight array.

    Every array of two or more axes is a b^T, and a and b have independent signs. Every other array
    has independent signs. E[v v^T] = I because signs of different entries are pairwise
    independent. A draw takes about sqrt(d) signs. The d entries are never materialized: neither in
    the tangent, nor in the estimate, nor in the SGD update. ||v||^2 = d. The SNR of K directions in
    dimension d is K / (d - 1), as for independent signs. The noise weighted by the curvature is
    larger, up to three times, if rows or columns share the curvature; see `curvature_noise`.
    """

    is_factored: ClassVar[bool] = True

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction: an `OuterProduct` per weight array, plain arrays otherwise."""
        leaf = tree.first_leaf(like)
        return _outer_products.draw_structured(
            lambda n: ops.reused_signs(key, n, leaf),
            like,
            _outer_products.count_factor_entries,
            _outer_products.outer_product,
        )

    def excess(self, shares: Shares) -> float:
        """Return -1.0, since ||v||^2 = d."""
        return -1.0

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the Gaussian value plus the fourth cumulants, see `_outer_products`."""
        lengths = _outer_products.factor_lengths
        return _outer_products.curvature_noise(curvature, 1.0, 1, lengths)
