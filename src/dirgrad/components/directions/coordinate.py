from math import sqrt

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class Coordinate:
    """sqrt(d) e_i with i uniform over all d parameters, drawn with replacement. SNR of K directions: K / (d - 1)."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        dimension = tree.size(like)
        one_hot = ops.one_hot(ops.randint(key, dimension), dimension, tree.first_leaf(like))
        return tree.unravel(sqrt(dimension) * one_hot, like)
