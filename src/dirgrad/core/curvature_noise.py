"""Noise of an estimate weighted by the curvature of the loss, as a law may declare it.

E||e - g||^2 does not say how fast a step along an estimate e of the gradient g makes progress, nor
at which rate it is stable. Both depend on E[e^T H e] for the Hessian H.
"""

from collections.abc import Sequence
from math import nan
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from dirgrad.core import closed_forms
from dirgrad.core.directions import TiedDirection


class Curvature(NamedTuple):
    """The gradient g and the Hessian H of a loss at a point.

    Attributes:
        gradient: The arrays of g, in the order of the parameters.
        hessian: H, symmetric, for the entries of the arrays one after the other: (d, d).
        names: Names of the arrays. A law that depends on names has NaN where they are missing.
    """

    gradient: tuple[np.ndarray, ...]
    hessian: np.ndarray
    names: tuple[str, ...] = ()

    @property
    def vector(self) -> np.ndarray:
        """Return g as a vector: (d,)."""
        return np.concatenate([np.ravel(leaf) for leaf in self.gradient])

    @property
    def trace_term(self) -> float:
        """Return ||g||^2 tr H."""
        return float((self.vector**2).sum() * np.trace(self.hessian))

    @property
    def along_gradient(self) -> float:
        """Return g^T H g."""
        return float(self.vector @ self.hessian @ self.vector)

    @property
    def diagonal_term(self) -> float:
        """Return sum_i g_i^2 H_ii."""
        return float(self.vector**2 @ np.diag(self.hessian))

    def part(self, positions: Sequence[int]) -> "Curvature":
        """Return some arrays of g, by their positions, with their block of H."""
        spans = self._spans()
        rows = np.concatenate([np.arange(*spans[i]) for i in positions])
        gradient = tuple(self.gradient[i] for i in positions)
        names = tuple(self.names[i] for i in positions) if self.names else ()
        return Curvature(gradient, self.hessian[np.ix_(rows, rows)], names)

    def arrays(self) -> "tuple[Curvature, ...]":
        """Return each array of g with its diagonal block of H."""
        return tuple(
            Curvature((leaf,), self.hessian[start:end, start:end], self.names[i : i + 1])
            for i, (leaf, (start, end)) in enumerate(zip(self.gradient, self._spans(), strict=True))
        )

    def _spans(self) -> list[tuple[int, int]]:
        """Return the first and the last position of each array among all entries."""
        ends = np.cumsum([np.size(leaf) for leaf in self.gradient])
        starts = ends - [np.size(leaf) for leaf in self.gradient]
        return list(zip(starts, ends, strict=True))


@runtime_checkable
class HasCurvatureNoise(Protocol):
    """A law that declares the noise of its estimate, weighted by the curvature of the loss."""

    def curvature_noise(self, curvature: Curvature, /) -> float:
        """Return E[(g . v)^2 v^T H v] for one direction v; NaN where no closed form is known.

        A step of SGD with the rate eta along e = (g . v) v changes a quadratic loss in the mean by
        -eta ||g||^2 + (eta^2 / 2) E[e^T H e]. So this number and ||g||^2 determine the best rate
        and the progress of a step. For H = I it is E||e||^2 = ||g||^2 (1 + 1/SNR).
        """


@runtime_checkable
class HasCurvatureNoiseOfMean(Protocol):
    """A law that ties directions and declares the curvature-weighted noise of their mean."""

    def curvature_noise_of_mean(self, num_directions: int, curvature: Curvature, /) -> float:
        """Return E[e^T H e] for the mean e of (g . v_j) v_j over j < K."""


@runtime_checkable
class HasSymmetry(Protocol):
    """A law that declares whether v and -v are equally distributed."""

    @property
    def is_symmetric(self) -> bool:
        """Return whether this holds."""


def is_symmetric(direction: Any) -> bool:
    """Return whether v and -v are equally distributed, which holds unless a law denies it."""
    return direction.is_symmetric if isinstance(direction, HasSymmetry) else True


def of_law(direction: Any, num_directions: int, curvature: Curvature) -> float:
    """Return E[e^T H e] for the mean e of (g . v_j) v_j over K directions of a law."""
    if isinstance(direction, HasCurvatureNoiseOfMean):
        return direction.curvature_noise_of_mean(num_directions, curvature)
    is_tied = isinstance(direction, TiedDirection) and num_directions > 1
    if is_tied or not isinstance(direction, HasCurvatureNoise):
        return nan
    return of_independent(direction.curvature_noise(curvature), num_directions, curvature)


def of_independent(single: float, num_directions: int, curvature: Curvature) -> float:
    """Return E[e^T H e] for the mean e over K independent directions, (N + (K - 1) g^T H g) / K.

    Independent directions have the mean products E[(g . v_j)(g . v_l) v_j^T H v_l], which are
    g^T H g for j != l.

    Args:
        single: N, the value of one direction.
        num_directions: K.
        curvature: g and H.
    """
    return (single + (num_directions - 1) * curvature.along_gradient) / num_directions


def of_estimate(estimator: Any, curvature: Curvature) -> float:
    """Return E[e^T H e] for the estimate e of an estimator that is exact along its directions."""
    if not closed_forms.is_exact(estimator):
        return nan
    if estimator.direction is None:
        return curvature.along_gradient
    return of_law(estimator.direction, estimator.num_directions, curvature)
