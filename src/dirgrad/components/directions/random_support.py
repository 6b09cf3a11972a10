from math import sqrt

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class RandomSupport:
    """Uniform on the sphere of radius sqrt(d) in the span of s random coordinates (de Vazelhes et al. 2022, SZOHT, whose estimator
    has d u u^T with u on the unit sphere of a random support of size s2). SNR of K directions: K / (d - 1), as on the sphere.

    Given the support S, E[u u^T] is 1/s on its diagonal and 0 elsewhere; a coordinate is in S with probability s/d, so that
    E[u u^T] = I/d and v = sqrt(d) u has E[v v^T] = I, whatever s is. What s changes is the error on a part of the
    coordinates: `theory.mean_square_on_part`.
    """

    support: PositiveInt
    """s, the number of coordinates that are not 0; all of them, as of `sphere`, where there are no more."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        dimension = tree.size(like)
        both = ops.normal(key, 2 * dimension, tree.first_leaf(like))
        values = both[:dimension] * ops.top_k_mask(both[dimension:], min(self.support, dimension))
        return tree.unravel(sqrt(dimension) / ops.sqrt(ops.sum(values * values)) * values, like)
