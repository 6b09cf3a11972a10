from math import sqrt

from dirgrad.components.registry import component
from dirgrad.core import theory, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Key, Ops, Params


@component
class Laplace:
    """Independent entries from the Laplace law of unit variance.

    Its tail is heavier than the Gaussian one, with E[v_i^4] = 6. The SNR of K directions in
    dimension d is K / (d + 4).
    """

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        dimension = tree.num_entries(like)
        normal = ops.normal(key, 4 * dimension, tree.first_leaf(like))
        a, b, c, d = normal.reshape(4, dimension)
        # The sum of two products of standard normal numbers has the Laplace law of variance 2.
        return tree.unravel((a * b + c * d) / sqrt(2), like)

    def excess(self, shares: Shares) -> float:
        """Return E[v_i^4] - 2 = 4."""
        return 4.0

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the noise of independent entries with E[v_i^4] = 6."""
        return theory.independent_curvature_noise(6.0, curvature)
