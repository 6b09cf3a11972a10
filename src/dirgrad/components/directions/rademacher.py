from dirgrad.components.registry import component
from dirgrad.core import theory, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Key, Ops, Params


@component
class Rademacher:
    """Independent random signs.

    No other law with independent entries gives the estimate a smaller variance. The SNR of K
    directions in dimension d is K / (d - 1).
    """

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        signs = ops.signs(key, tree.num_entries(like), tree.first_leaf(like))
        return tree.unravel(signs, like)

    def excess(self, shares: Shares) -> float:
        """Return -1.0, since ||v||^2 = d."""
        return -1.0

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the noise of independent entries with E[v_i^4] = 1."""
        return theory.independent_curvature_noise(1.0, curvature)
