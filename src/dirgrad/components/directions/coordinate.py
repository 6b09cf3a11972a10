from math import sqrt

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.types import Key, Ops, Params


@component
class Coordinate:
    """A scaled unit vector, sqrt(d) e_i, with i uniform over all d parameters.

    Coordinates are drawn with replacement. The SNR of K directions is K / (d - 1).
    """

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        dimension = tree.num_entries(like)
        index = ops.randint(key, dimension)
        one_hot = ops.one_hot(index, dimension, tree.first_leaf(like))
        return tree.unravel(sqrt(dimension) * one_hot, like)

    def excess(self, shares: Shares) -> float:
        """Return -1.0, since ||v||^2 = d."""
        return -1.0
