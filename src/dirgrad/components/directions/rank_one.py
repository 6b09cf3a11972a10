from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class RankOne:
    """Of every array of two axes or more a b^T with independent signs a and b, of others signs: E[v v^T] = I, since signs are
    independent in pairs. A draw costs some sqrt(d) signs, and the d entries are never formed: not in the tangent, the estimate or
    the update of SGD. ||v||^2 = d as of signs. SNR of K directions in dimension d: K / (d - 1)."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return _outer_products.drawn(
            lambda n: ops.signs(key, n, tree.first_leaf(like)),
            like,
            _outer_products.ends,
            _outer_products.outer,
        )
