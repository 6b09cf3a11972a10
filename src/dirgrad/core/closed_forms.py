"""Closed forms that a component may declare, and functions that read them.

A component declares a closed form by defining the method of a protocol below. Nothing else has to
know the component. The functions return NaN where a component declares nothing.
"""

from collections.abc import Sequence
from math import nan, prod
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from dirgrad.core.directions import GroupDirection, TiedDirection


class GradientShare(NamedTuple):
    """One array of the parameters.

    Attributes:
        shape: Shape of the array.
        share: ||g_A||^2 / ||g||^2, where g_A are the entries of the gradient g for this array.
        name: Name of the parameter. A law that depends on names has NaN where they are missing.
    """

    shape: tuple[int, ...]
    share: float
    name: str = ""


Shares = Sequence[GradientShare]


# Declared by laws of directions


@runtime_checkable
class HasExcess(Protocol):
    """A law that declares the noise of its estimate."""

    def excess(self, shares: Shares, /) -> float:
        """Return the relative squared error of one direction minus the dimension d.

        The value is E[(g . v)^2 ||v||^2] / ||g||^2 - d - 1. It is -1 if ||v||^2 = d, since
        E[(g . v)^2] = ||g||^2. It is E[v_i^4] - 2 if the entries of v are independent and equally
        distributed.
        """


@runtime_checkable
class HasExcessOfMean(Protocol):
    """A law that ties the directions of an estimate and declares the noise of their mean."""

    def excess_of_mean(self, num_directions: int, shares: Shares, /) -> float:
        """Return K E||e - g||^2 / ||g||^2 - d for the mean e of (g . v_j) v_j over j < K.

        The errors of (g . v_j) v_j and (g . v_l) v_l have the mean product
        E[(g . v_j)(g . v_l)(v_j . v_l)] - ||g||^2. E||e - g||^2 is the mean of these products over
        all K^2 pairs (j, l). For independent directions only the pairs j = l contribute, and the
        result is the excess of one direction.
        """


@runtime_checkable
class HasCosine(Protocol):
    """A law that declares the mean cosine between an estimate and the gradient."""

    def cosine(self, dimension: int, /) -> float:
        """Return E[cos((g . v) v, g)] for one direction v in dimension d."""


@runtime_checkable
class HasMoments(Protocol):
    """A law that declares the moments of a single coordinate of (g . v) v."""

    def variance(self, gradient: np.ndarray, norm: float, /) -> np.ndarray:
        """Return the variance of coordinates of the estimate.

        Args:
            gradient: Coordinates g_i of the gradient, of any shape.
            norm: ||g||.
        """

    def kurtosis(self, gradient: np.ndarray, norm: float, /) -> np.ndarray:
        """Return the kurtosis of these coordinates, which is 3 for a normal law."""


@runtime_checkable
class HasStableRate(Protocol):
    """A law that declares the largest stable learning rate of SGD on a quadratic."""

    def stable_rate(self, eigenvalues: np.ndarray, /) -> float:
        """Return the learning rate below which SGD along one direction contracts in mean square.

        Args:
            eigenvalues: The eigenvalues of the Hessian, all positive: (d,).
        """


@runtime_checkable
class HasContraction(Protocol):
    """A law that declares the fastest mean contraction of SGD on a quadratic."""

    def contraction(self, eigenvalues: np.ndarray, /) -> tuple[float, float]:
        """Return the best learning rate and the mean factor of the loss in a step at this rate.

        Both are NaN for eigenvalues without a closed form.

        Args:
            eigenvalues: The eigenvalues of the Hessian, all positive: (d,).
        """


@runtime_checkable
class Factored(Protocol):
    """A law whose weight arrays are outer products, or sums of a few outer products.

    The tangent of a layer then takes one matrix product less.
    """

    @property
    def is_factored(self) -> bool:
        """Return whether this holds."""


# Declared by estimators


@runtime_checkable
class HasSignalToNoise(Protocol):
    """An estimator that declares its signal-to-noise ratio."""

    def signal_to_noise(self, shares: Shares, /) -> float:
        """Return ||g||^2 / E||estimate - g||^2; NaN if its law declares no excess."""


@runtime_checkable
class HasLeastProducts(Protocol):
    """An estimator that declares the least multiplications of an estimate."""

    def least_products(self, derivative: float, /) -> float:
        """Return the least number of multiplications in matrix products.

        The unit is the number for one evaluation of the loss.

        Args:
            derivative: Multiplications that one derivative adds, in the same unit. For a law that
                chooses a group of parameters, it is the mean along directions of the law.
        """


@runtime_checkable
class IsExact(Protocol):
    """An estimator whose estimate follows from the gradient and its directions.

    The estimate is (1/K) sum_j (g . v_j) v_j, or g itself if it takes no directions.
    """

    @property
    def is_exact(self) -> bool:
        """Return whether this holds."""


@runtime_checkable
class HasStepSize(Protocol):
    """An estimator by finite differences."""

    @property
    def eps(self) -> float:
        """Return the step along a direction."""


# Declared by problems


@runtime_checkable
class HasEigenvalues(Protocol):
    """A quadratic problem."""

    def eigenvalues(self) -> np.ndarray:
        """Return the eigenvalues of its Hessian: (d,)."""


def dimension(shares: Shares) -> int:
    """Return d, the number of parameters."""
    return sum(prod(array.shape) for array in shares)


def excess(direction: Any, shares: Shares) -> float:
    """Return the excess that a law declares."""
    return direction.excess(shares) if isinstance(direction, HasExcess) else nan


def excess_of_mean(direction: Any, num_directions: int, shares: Shares) -> float:
    """Return the excess of the mean over K directions, as in `HasExcessOfMean`.

    Independent directions keep the excess of one direction.
    """
    if isinstance(direction, HasExcessOfMean):
        return direction.excess_of_mean(num_directions, shares)
    if isinstance(direction, TiedDirection) and num_directions > 1:
        return nan
    return excess(direction, shares)


def is_factored(direction: Any) -> bool:
    """Return whether a law declares that it is factored."""
    return isinstance(direction, Factored) and direction.is_factored


def mean_signal_to_noise(direction: Any, num_directions: int, shares: Shares) -> float:
    """Return the SNR ||g||^2 / E||e - g||^2 of the mean e of (g . v) v over K directions.

    It is K / (d + `excess_of_mean`), and infinite without noise. For independent directions this
    is K/(d + 1) for a Gaussian law, and K/(d - 1) if ||v||^2 = d.
    """
    scaled_error = dimension(shares) + excess_of_mean(direction, num_directions, shares)
    return num_directions / scaled_error if scaled_error else np.inf


def signal_to_noise(estimator: Any, shares: Shares) -> float:
    """Return the SNR that an estimator declares."""
    if not isinstance(estimator, HasSignalToNoise):
        return nan
    return estimator.signal_to_noise(shares)


def cosine(estimator: Any, shares: Shares) -> float:
    """Return the mean cosine to the gradient of an estimate along one direction.

    The cosine of s v does not depend on the size of the slope s. So every estimator with a declared
    SNR has the cosine of its law.
    """
    direction = estimator.direction
    has_form = isinstance(estimator, HasSignalToNoise) and isinstance(direction, HasCosine)
    if not has_form or estimator.num_directions != 1:
        return nan
    mean: float = direction.cosine(dimension(shares))
    return mean


def moments(
    estimator: Any, gradient: np.ndarray, norm: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return variance and kurtosis of coordinates of an exact estimate along one direction.

    Return None if no closed form is declared.

    Args:
        estimator: The estimator.
        gradient: Coordinates g_i, of any shape.
        norm: ||g||.
    """
    direction = estimator.direction
    if not is_exact(estimator) or estimator.num_directions != 1:
        return None
    if not isinstance(direction, HasMoments):
        return None
    return direction.variance(gradient, norm), direction.kurtosis(gradient, norm)


def is_exact(estimator: Any) -> bool:
    """Return whether an estimator declares that it is exact along its directions."""
    return isinstance(estimator, IsExact) and estimator.is_exact


def least_products_of_tangents(direction: Any, num_directions: int, derivative: float) -> float:
    """Return the least multiplications of the loss and of K tangents.

    Derivation: the tangent of a product A B of two arrays that depend on the parameters takes two
    more products: dA B + A dB in forward mode, and A^T C and C B^T in reverse mode. If A is
    constant, as in a first layer, it takes one more. So both modes add the same number. K
    directions share the evaluation of the loss. If dB is an outer product, A dB is not a product of
    matrices, and every layer takes one product less. A sum of a few outer products is treated like
    a single one. For a law that chooses a group of parameters, `derivative` is counted along its
    own directions, and nothing is left to subtract.
    """
    is_whole = is_factored(direction) and not isinstance(direction, GroupDirection)
    tangent = derivative - 1 if is_whole else derivative
    return float(1 + num_directions * tangent)


def least_products_of_evaluations(direction: Any, count: int, derivative: float) -> float:
    """Return the least multiplications of the loss at one point and at moved points.

    Derivation: if a weight W moves along a b^T, its product with x is x W + (x a) b^T. If x is
    constant, as in a first layer, all points share x W. Other layers share no product.
    """
    if not is_factored(direction):
        return float(count)
    return least_products_of_tangents(direction, count - 1, derivative)


def stable_rate(estimator: Any, eigenvalues: np.ndarray) -> float | None:
    """Return the largest stable learning rate on a quadratic, or None if it is not declared.

    Without directions, the estimate is the gradient and the rate is 2 / max l.
    """
    direction = estimator.direction
    if direction is None:
        return float(2 / eigenvalues.max())
    one_direction = is_exact(estimator) and estimator.num_directions == 1
    if one_direction and isinstance(direction, HasStableRate):
        return direction.stable_rate(eigenvalues)
    return None


def contraction(estimator: Any, eigenvalues: np.ndarray) -> tuple[float, float] | None:
    """Return the best learning rate and its contraction on a quadratic, or None if not declared."""
    direction = estimator.direction
    one_direction = is_exact(estimator) and estimator.num_directions == 1
    if one_direction and isinstance(direction, HasContraction):
        return direction.contraction(eigenvalues)
    return None


def least_products(estimator: Any, derivative: float) -> float:
    """Return the least number of multiplications that an estimator declares."""
    if not isinstance(estimator, HasLeastProducts):
        return nan
    return estimator.least_products(derivative)
