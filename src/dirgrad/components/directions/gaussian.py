import numpy as np

from dirgrad.components.registry import component
from dirgrad.core import theory, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Key, Ops, Params


@component
class Gaussian:
    """Independent N(0, 1) entries, the direction of Baydin et al. 2022.

    The SNR of K directions in dimension d is K / (d + 1).
    """

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        normal = ops.normal(key, tree.num_entries(like), tree.first_leaf(like))
        return tree.unravel(normal, like)

    def excess(self, shares: Shares) -> float:
        """Return E[v_i^4] - 2 = 1."""
        return 1.0

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return ||g||^2 tr H + 2 g^T H g."""
        return theory.gaussian_curvature_noise(curvature)

    def cosine(self, dimension: int) -> float:
        """Return the cosine of a direction that is uniform on the sphere."""
        return theory.uniform_cosine(dimension)

    def variance(self, gradient: np.ndarray, norm: float) -> np.ndarray:
        """Return ||g||^2 + g_i^2 (Frye 2022)."""
        return theory.gaussian_variance(gradient, norm)

    def kurtosis(self, gradient: np.ndarray, norm: float) -> np.ndarray:
        """Return the kurtosis of a product of two correlated normal numbers."""
        return theory.gaussian_kurtosis(gradient, norm)

    def stable_rate(self, eigenvalues: np.ndarray) -> float:
        """Return the learning rate below which SGD contracts in mean square on a quadratic."""
        return theory.gaussian_stable_rate(eigenvalues)

    def contraction(self, eigenvalues: np.ndarray) -> tuple[float, float]:
        """Return 1/(l (d + 2)) and 1 - 1/(d + 2) if all eigenvalues are l, otherwise NaN."""
        dimension, eigenvalue = len(eigenvalues), float(eigenvalues[0])
        if not np.allclose(eigenvalues, eigenvalue, rtol=1e-12, atol=0):
            return np.nan, np.nan
        rate = theory.isotropic_best_rate(eigenvalue, dimension)
        return rate, theory.isotropic_contraction(dimension)
