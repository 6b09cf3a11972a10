from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class Gaussian:
    """Independent N(0, 1) entries, the direction of Baydin et al. 2022.

    The SNR of K directions in dimension d is K / (d + 1).
    """

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        normal = ops.normal(key, tree.num_entries(like), tree.first_leaf(like))
        return tree.unravel(normal, like)
