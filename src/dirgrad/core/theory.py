"""Closed forms for the forward gradient (g . v) v, each with its derivation or source.

Throughout, g is the gradient, d is its dimension, v is a direction and K is the number of
directions. A law is the distribution of v, with E[v v^T] = I.
"""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln

EXCESS = {
    "gaussian": 1,
    "framework_gaussian": 1,
    "rademacher": -1,
    "rank_one": -1,
    "block_shared": -1,
    "sphere": -1,
    "random_support": -1,
    "coordinate": -1,
}
"""Relative squared error of one direction minus d, for laws where it does not depend on g.

The value is E[(g . v)^2 ||v||^2] / ||g||^2 - d - 1. It is -1 if ||v||^2 = d, since
E[(g . v)^2] = ||g||^2. It is E[v_i^4] - 2 if the entries of v are independent.
"""


class GradientShare(NamedTuple):
    """One array of the parameters.

    Attributes:
        shape: Shape of the array.
        share: ||g_A||^2 / ||g||^2, where g_A are the entries of g for this array.
    """

    shape: tuple[int, ...]
    share: float


def excess(direction: str, parts: Sequence[GradientShare], rank: int = 1) -> float:
    """Return the relative squared error of one direction minus d; NaN for an unknown law.

    EXCESS has the value for most laws. Under `rank_one_gaussian` and `low_rank` the norm of v
    varies, and the value depends on the shapes of the arrays.

    Derivation: let G (m, n) be the gradient of one matrix and V its direction. Under
    `rank_one_gaussian`, V = a b^T with Gaussian a and b. A standard normal a satisfies
    E[(a . u)^2 ||a||^2] = (m + 2) ||u||^2, so that
    E[(a^T G b)^2 ||a||^2 ||b||^2] = (m + 2)(n + 2) ||G||^2.

    Under `low_rank`, V = sum_j a_j b_j^T / sqrt(r) with random signs. Then ||V||^2 is m n plus the
    sum over j != k of (a_j . a_k)(b_j . b_k) / r. The product of this sum with (G . V)^2 has the
    mean 2 (1 - 1/r) ||G||^2.

    The arrays of v are independent of each other. Therefore their contributions add up, each in
    proportion to the array's share of ||g||^2.

    Args:
        direction: Name of the law, without the prefix `replayed_`.
        parts: All arrays of the parameters.
        rank: r, the number of outer products per matrix.
    """
    if direction not in ("rank_one_gaussian", "low_rank"):
        return EXCESS.get(direction, np.nan)
    total = 0.0
    for shape, share in parts:
        if direction == "low_rank":
            total += share * _low_rank_excess(shape, rank)
        else:
            total += share * _gaussian_product_excess(shape)
    return total - 1


def _low_rank_excess(shape: tuple[int, ...], rank: int) -> float:
    is_matrix = len(shape) > 1
    return 2 * (1 - 1 / rank) if is_matrix else 0


def _gaussian_product_excess(shape: tuple[int, ...]) -> float:
    is_matrix = len(shape) > 1
    if not is_matrix:
        return 2
    m = shape[0]
    n = prod(shape[1:])
    return (m + 2) * (n + 2) - m * n


def signal_to_noise(
    direction: str,
    num_directions: int,
    dimension: int,
    parts: Sequence[GradientShare] = (),
    rank: int = 1,
) -> float:
    """Return the SNR ||g||^2 / E||e - g||^2 of the mean e over K independent directions.

    The SNR is K / (d + excess). This is K/(d + 1) for a Gaussian law. It is K/(d - 1) for random
    signs, outer products of random signs, coordinates, and the sphere, also within a random
    support. It is NaN for an unknown law and infinite without noise. A replayed law has the SNR of
    the law that it replays.

    Derivation: if the entries of v are independent with unit variance, then
    E[(g . v)^2 v_i^2] = ||g||^2 + (E[v_i^4] - 1) g_i^2. The error is the sum over i minus ||g||^2.
    On the sphere and for coordinates ||v||^2 = d, so that E[(g . v)^2 ||v||^2] = d ||g||^2.

    Args:
        direction: Name of the law.
        num_directions: K.
        dimension: d.
        parts: All arrays of the parameters, for laws with outer products.
        rank: Number of outer products per matrix, for such laws.
    """
    law = direction.removeprefix("replayed_")
    relative_error = dimension + excess(law, parts, rank)
    return num_directions / relative_error if relative_error else np.inf


def projected_signal_to_noise(scale: str, num_directions: int, dimension: int) -> float:
    """Return the SNR ||g||^2 / E||e - g||^2 of the projection P g on K Gaussian directions.

    E||P g||^2 = (K/d) ||g||^2, so that E||P g - g||^2 = (1 - K/d) ||g||^2. With the factor d/K the
    projection is unbiased and E||(d/K) P g - g||^2 = (d/K - 1) ||g||^2. The mean over K orthogonal
    directions of length sqrt(d) has the latter error too. The SNR is infinite for K = d.

    Args:
        scale: "projection" for e = P g, "unbiased" for e = (d/K) P g.
        num_directions: K.
        dimension: d.
    """
    projection_error = 1 - num_directions / dimension
    if not projection_error:
        return np.inf
    if scale == "projection":
        return 1 / projection_error
    return 1 / (projection_error * dimension / num_directions)


def mean_square_on_part(support: int, part: int, dimension: int, share: float) -> float:
    """Return E||e_F||^2 / ||g||^2 for e = (g . v) v, restricted to a fixed set F of coordinates.

    The direction v is uniform on the sphere of radius sqrt(d) within a random support S of s
    coordinates.

    Derivation: given S, E[v_i^2 v_j^2] = d^2 (1 + 2 [i = j]) / (s (s + 2)) for i and j in S. A pair
    of coordinates is in S with probability s (s - 1) / (d (d - 1)), one coordinate with s/d. So
    E[(g . v)^2 v_i^2] = d/(s + 2) ((s - 1)/(d - 1) (||g||^2 - g_i^2) + 3 g_i^2). The result is the
    sum over F divided by ||g||^2.

    Limits: on the whole sphere, s = d, it is d/(d + 2) (|F| + 2 share), which is of the order of
    |F| and not of d. For s = 1 it is d share. The formula has the form of the bound of de Vazelhes
    et al. 2022, which we quote from memory.

    Args:
        support: s.
        part: |F|, the size of F.
        dimension: d.
        share: ||g_F||^2 / ||g||^2.
    """
    pairs = (support - 1) / (dimension - 1) if dimension > 1 else 1.0
    return dimension / (support + 2) * (pairs * (part - share) + 3 * share)


def shrinkage(snr: float) -> float:
    """Return the factor c that minimizes E||c e - g||^2 for an unbiased estimate e of g.

    c = SNR / (1 + SNR), since E||c e - g||^2 = (c - 1)^2 ||g||^2 + c^2 ||g||^2 / SNR. For K
    Gaussian directions c = K/(d + K + 1). On a quadratic whose Hessian is a multiple of the
    identity, the best learning rate is c times the best learning rate of gradient descent.
    """
    if np.isfinite(snr):
        return snr / (1 + snr)
    return 1.0 if snr == np.inf else np.nan


def cosine(direction: str, num_directions: int, dimension: int) -> float:
    """Return E[cos(estimate, g)] for one direction of the law `gaussian` or `sphere`, else NaN.

    Under both laws v/||v|| = u is uniform on the unit sphere. The slope gives the estimate its
    sign, so that the cosine is |u . g| / ||g||, with the mean
    E|u_1| = Gamma(d/2) / (sqrt(pi) Gamma((d + 1)/2)). It tends to sqrt(2/(pi d)) for large d.
    """
    if direction not in ("gaussian", "sphere") or num_directions != 1:
        return np.nan
    log_ratio = gammaln(dimension / 2) - gammaln((dimension + 1) / 2)
    return float(np.exp(log_ratio) / np.sqrt(np.pi))


def difference_error(
    scheme: str, eps: float, unit: float, loss: np.ndarray, second: np.ndarray, third: np.ndarray
) -> np.ndarray:
    """Return the expected error of a finite difference along v: (n,) for n points.

    It combines two independent errors. The truncation error is the next term of Taylor's series:
    (eps/2) D2 f[v, v] (forward) or (eps^2/6) D3 f[v, v, v] (central). The rounding error comes from
    two losses with the relative error u: sqrt(2) u |f| / eps (forward) or half of that (central).
    The rounding of x + eps v, and of sums inside f, is not included.

    Args:
        scheme: "forward" or "central".
        eps: Step size.
        unit: u, the unit roundoff.
        loss: f: (n,).
        second: D2 f[v, v]: (n,).
        third: D3 f[v, v, v]: (n,).
    """
    if scheme == "forward":
        truncation = eps / 2 * second
        factor = 2**0.5
    else:
        truncation = eps**2 / 6 * third
        factor = 2**-0.5
    rounding = factor * unit * np.abs(loss) / eps
    return np.asarray(np.hypot(truncation, rounding))


def variance(gradient: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Return the variance of coordinate i of the estimate for one Gaussian direction.

    It is ||g||^2 + g_i^2 (Frye 2022).

    Args:
        gradient: Coordinates g_i, of any shape.
        norm: ||g||, which broadcasts against `gradient`.
    """
    return np.asarray(norm**2 + gradient**2)


def kurtosis(gradient: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Return the kurtosis of coordinate i of the estimate for one Gaussian direction.

    It is the fourth central moment over the squared variance, which is 3 for a normal law.

    Derivation: with rho = g_i/||g||, the coordinate is ||g|| s v for standard normal s and v with
    correlation rho. By Isserlis' theorem E[s v] = rho, E[(s v)^2] = 1 + 2 rho^2,
    E[(s v)^3] = 9 rho + 6 rho^3 and E[(s v)^4] = 9 + 72 rho^2 + 24 rho^4.

    Limits: it tends to 9 for small rho and is 15 for rho = 1.

    Args:
        gradient: Coordinates g_i, of any shape.
        norm: ||g||, which broadcasts against `gradient`.
    """
    rho = gradient / norm
    moment_2 = 1 + 2 * rho**2
    moment_3 = 9 * rho + 6 * rho**3
    moment_4 = 9 + 72 * rho**2 + 24 * rho**4
    central_4 = moment_4 - 4 * rho * moment_3 + 6 * rho**2 * moment_2 - 3 * rho**4
    return np.asarray(central_4 / (1 + rho**2) ** 2)


def stable_rate(eigenvalues: np.ndarray) -> float:
    """Return the learning rate below which SGD contracts in mean square on (1/2) x^T H x.

    SGD takes the estimate along one Gaussian direction.

    Derivation: let m_i = E[x_i^2] in the eigenbasis of H. One step with the learning rate eta gives
    m_i' = (1 - 2 eta l_i + 2 eta^2 l_i^2) m_i + eta^2 sum_j l_j^2 m_j. This map has a fixed point
    if sum_j eta l_j / (1 - eta l_j) = 2. The result is the root eta of this equation.

    Limits: for H = l I it is 2 / (l (d + 2)). If every eta l_j is small, it is 2 / tr H.

    Args:
        eigenvalues: l, the eigenvalues of H, all positive: (d,).
    """
    largest = float(eigenvalues.max())

    def fixed_point_residual(rate: float) -> float:
        scaled = rate * eigenvalues
        return float((scaled / (1 - scaled)).sum()) - 2

    return float(brentq(fixed_point_residual, 0.0, (1 - 1e-12) / largest, xtol=1e-15))


FACTORED = ("rank_one", "rank_one_gaussian", "low_rank", "block_shared")
"""Laws whose matrices are outer products, or sums of a few outer products."""


def least_products(
    estimator: str, direction: str, evaluations: float, num_directions: int, derivative: float
) -> float:
    """Return the least number of multiplications in matrix products for one estimate.

    The unit is the number for one evaluation of the loss. The result is NaN for an estimator
    without a closed form.

    Derivation: the tangent of a product A B of two arrays that depend on the parameters takes two
    more products: dA B + A dB in forward mode, and A^T C and C B^T in reverse mode. If A is
    constant, as in a first layer, it takes one more. So both modes add the same number. K
    directions share the evaluation of the loss. If dB is an outer product, A dB is not a product of
    matrices, and every layer takes one product less. A sum of a few outer products is treated like
    a single one.

    Args:
        estimator: Kind of the estimator.
        direction: Name of the law.
        evaluations: Number of evaluations of the loss per estimate.
        num_directions: K.
        derivative: Multiplications of one derivative, in the same unit.
    """
    is_factored = direction.removeprefix("replayed_") in FACTORED
    tangent = derivative - 1 if is_factored else derivative
    if estimator == "backprop":
        return float(1 + derivative)
    if estimator in ("forward_gradient", "projected_forward_gradient"):
        return float(1 + num_directions * tangent)
    if estimator in ("finite_difference", "mezo"):
        return float(evaluations)
    return np.nan
