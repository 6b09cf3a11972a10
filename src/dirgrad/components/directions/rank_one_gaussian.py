from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class RankOneGaussian:
    """An outer product a b^T of Gaussian vectors for every weight array.

    Every array of two or more axes is a b^T, and a and b have independent N(0, 1) entries. Every
    other array has independent N(0, 1) entries. E[v v^T] = I. The estimate is noisier than with
    `rank_one`, because ||v||^2 = ||a||^2 ||b||^2 varies widely. For a single (m, n) matrix the SNR
    is 1 / ((m + 2)(n + 2) - 1).
    """

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction: an `OuterProduct` per weight array, plain arrays otherwise."""
        leaf = tree.first_leaf(like)
        return _outer_products.draw_structured(
            lambda n: ops.normal(key, n, leaf),
            like,
            _outer_products.count_factor_entries,
            _outer_products.outer_product,
        )
