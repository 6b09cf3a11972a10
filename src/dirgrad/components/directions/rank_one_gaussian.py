from math import prod
from typing import ClassVar

from dirgrad.components.directions import _outer_products
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Key, Ops, Params


@component
class RankOneGaussian:
    """An outer product a b^T of Gaussian vectors for every weight array.

    Every array of two or more axes is a b^T, and a and b have independent N(0, 1) entries. Every
    other array has independent N(0, 1) entries. E[v v^T] = I. The estimate is noisier than with
    `rank_one`, because ||v||^2 = ||a||^2 ||b||^2 varies widely. For a single (m, n) matrix the SNR
    is 1 / ((m + 2)(n + 2) - 1).
    """

    is_factored: ClassVar[bool] = True

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction: an `OuterProduct` per weight array, plain arrays otherwise."""
        leaf = tree.first_leaf(like)
        return _outer_products.draw_structured(
            lambda n: ops.normal(key, n, leaf),
            like,
            _outer_products.count_factor_entries,
            _outer_products.outer_product,
        )

    def excess(self, shares: Shares) -> float:
        """Return the excess, which grows with the size of the matrices.

        Let G (m, n) be the gradient of one matrix. A standard normal a satisfies
        E[(a . u)^2 ||a||^2] = (m + 2) ||u||^2, so that
        E[(a^T G b)^2 ||a||^2 ||b||^2] = (m + 2)(n + 2) ||G||^2. The arrays of v are independent of
        each other. So their contributions add up, each in proportion to its share of ||g||^2.
        """
        return sum(array.share * _array_excess(array.shape) for array in shares) - 1

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the Gaussian value plus the fourth cumulants, see `_outer_products`."""
        lengths = _outer_products.factor_lengths
        return _outer_products.curvature_noise(curvature, 3.0, 1, lengths)


def _array_excess(shape: tuple[int, ...]) -> float:
    """Return E[(G . v)^2 ||v||^2] / ||G||^2 - d for the d entries of one array."""
    if len(shape) == 1 or not shape:
        return 2
    m, n = shape[0], prod(shape[1:])
    return (m + 2) * (n + 2) - m * n
