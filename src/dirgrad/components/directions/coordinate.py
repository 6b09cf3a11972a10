from math import sqrt
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Key, Ops, Params


@component
class Coordinate:
    """A scaled unit vector, sqrt(d) e_i, with i uniform over all d parameters.

    Coordinates are drawn with replacement. The SNR of K directions is K / (d - 1).
    """

    is_symmetric: ClassVar[bool] = False

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        dimension = tree.num_entries(like)
        index = ops.randint(key, dimension)
        one_hot = ops.one_hot(index, dimension, tree.first_leaf(like))
        return tree.unravel(sqrt(dimension) * one_hot, like)

    def excess(self, shares: Shares) -> float:
        """Return -1.0, since ||v||^2 = d."""
        return -1.0

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return d sum_i g_i^2 H_ii, since (g . v)^2 v^T H v = d^2 g_i^2 H_ii."""
        return len(curvature.hessian) * curvature.diagonal_term
