from math import sqrt

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import theory, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Key, Ops, Params


@component
class RandomSupport:
    """A uniform draw from the sphere of radius sqrt(d) in the span of s random coordinates.

    The estimator of SZOHT (de Vazelhes et al. 2022) uses d u u^T, where u is uniform on the unit
    sphere of a random support of size s2. The SNR of K directions is K / (d - 1), as on the full
    sphere.

    Derivation: given the support S, E[u u^T] is 1/s on the diagonal entries of S and 0 elsewhere.
    A coordinate is in S with probability s/d. So E[u u^T] = I/d, and v = sqrt(d) u has
    E[v v^T] = I for every s. The choice of s changes the error on a subset of the coordinates (see
    `theory.mean_square_on_part`). On a small subset it is proportional to d for fixed s, and
    independent of d if s is proportional to d.
    """

    support: PositiveInt
    """Number of nonzero coordinates, s. If s is at least d, the law is `sphere`."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        dimension = tree.num_entries(like)
        normal = ops.normal(key, 2 * dimension, tree.first_leaf(like))
        # The second half ranks the coordinates, independently of their values.
        values, ranks = normal[:dimension], normal[dimension:]
        values = values * ops.top_k_mask(ranks, min(self.support, dimension))
        norm = ops.sqrt(ops.sum(values * values))
        return tree.unravel(sqrt(dimension) / norm * values, like)

    def excess(self, shares: Shares) -> float:
        """Return -1.0, since ||v||^2 = d."""
        return -1.0

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the noise of a uniform direction in a random support."""
        dimension = len(curvature.hessian)
        return theory.sphere_curvature_noise(min(self.support, dimension), curvature)
