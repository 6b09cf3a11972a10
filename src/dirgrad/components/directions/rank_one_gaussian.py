from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class RankOneGaussian:
    """Of every array of two axes or more a b^T with independent N(0, 1) entries of a and b, of others such entries: E[v v^T] =
    I. Worse than signs, since ||v||^2 = ||a||^2 ||b||^2 is far from constant: of one matrix (m, n) the SNR is 1 / ((m + 2)(n +
    2) - 1)."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return _outer_products.drawn(
            lambda n: ops.normal(key, n, tree.first_leaf(like)),
            like,
            _outer_products.ends,
            _outer_products.outer,
        )
