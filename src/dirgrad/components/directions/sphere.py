from math import sqrt

from dirgrad.components.registry import component
from dirgrad.core import theory, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Key, Ops, Params


@component
class Sphere:
    """A uniform draw from the sphere of radius sqrt(d) over all d parameters.

    The SNR of K directions is K / (d - 1).
    """

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        dimension = tree.num_entries(like)
        normal = ops.normal(key, dimension, tree.first_leaf(like))
        norm = ops.sqrt(ops.sum(normal * normal))
        return tree.unravel(sqrt(dimension) / norm * normal, like)

    def excess(self, shares: Shares) -> float:
        """Return -1.0, since ||v||^2 = d."""
        return -1.0

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return d/(d + 2) times the noise of a Gaussian direction."""
        return theory.sphere_curvature_noise(len(curvature.hessian), curvature)

    def cosine(self, dimension: int) -> float:
        """Return the cosine of a direction that is uniform on the sphere."""
        return theory.uniform_cosine(dimension)
