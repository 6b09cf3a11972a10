from math import sqrt

from pydantic import PositiveInt

from dirgrad import factors, tree
from dirgrad.catalogue import component
from dirgrad.types import Array, Key, Ops, Params


@component
class LowRank:
    """Of every array of two axes or more sum_j a_j b_j^T / sqrt(r) with independent signs, of others signs: E[v v^T] = I. More
    draws and products than of rank one, and no less noise: ||v||^2 is not constant any more. Of one matrix the SNR is 1 / (d -
    1 + 2 (1 - 1/r)), between that of signs and that of Gaussian entries, which it tends to."""

    rank: PositiveInt
    """r, the number of outer products."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        def scaled(signs: Array, shape: factors.Shape) -> tree.Outer:
            left, right = factors.outers(signs, shape, self.rank)
            return tree.Outer(left / sqrt(self.rank), right)

        def count(shape: factors.Shape) -> int:
            return self.rank * factors.ends(shape)

        return factors.drawn(lambda n: ops.signs(key, n, tree.any_leaf(like)), like, count, scaled)
