"""Closed forms of the forward gradient (g . v) v, each with its derivation or source. g is the gradient, d its dimension."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln

EXCESS = {
    **dict.fromkeys(("gaussian", "framework_gaussian"), 1),
    **dict.fromkeys(
        ("rademacher", "rank_one", "block_shared", "sphere", "random_support", "coordinate"), -1
    ),
}
"""What the relative squared error of one direction has beyond d, where it is the same for every gradient. It is E[(g . v)^2
||v||^2] / ||g||^2 - d - 1: -1 wherever ||v||^2 = d, since E[(g . v)^2] = ||g||^2, and for independent entries E[v^4] - 2."""


class GradientShare(NamedTuple):
    """An array of the parameters. share: of ||g||^2, what its entries have."""

    shape: tuple[int, ...]
    share: float


def excess(direction: str, parts: Sequence[GradientShare], rank: int = 1) -> float:
    """The same of a law in factors, whose ||v||^2 is not constant; NaN for a law that is not known here.

    Of one matrix (m, n) with Gaussian a b^T: E[(a^T G b)^2 ||a||^2 ||b||^2] = (m + 2)(n + 2) ||G||^2, since for a standard normal
    E[(a . u)^2 ||a||^2] = (m + 2) ||u||^2. Of V = sum_j a_j b_j^T / sqrt(r) with signs: ||V||^2 is m n and, off the diagonal,
    sum_{j != k} (a_j . a_k)(b_j . b_k) / r, whose product with (G . V)^2 has the mean 2 (1 - 1/r) ||G||^2. Arrays are
    independent, so that each adds its own, in proportion to its share of the gradient."""
    if direction not in ("rank_one_gaussian", "low_rank"):
        return EXCESS.get(direction, np.nan)
    total = 0.0
    for shape, share in parts:
        rows, columns = shape[0] if shape else 1, prod(shape[1:])
        if direction == "low_rank":
            total += share * (2 * (1 - 1 / rank) if len(shape) > 1 else 0)
        else:
            total += share * ((rows + 2) * (columns + 2) - rows * columns if len(shape) > 1 else 2)
    return total - 1


def signal_to_noise(
    direction: str,
    num_directions: int,
    dimension: int,
    parts: Sequence[GradientShare] = (),
    rank: int = 1,
) -> float:
    """||g||^2 / E||estimate - g||^2 of a mean over K independent directions: K/(d + 1) for a Gaussian, K/(d - 1) for signs, outer
    products of signs, the sphere (of a random support too) and coordinates; NaN for a law that is not known here. A law that is
    replayed is as noisy.

    For independent entries of unit variance E[(g . v)^2 v_i^2] = ||g||^2 + (E[v^4] - 1) g_i^2; summed over i, less ||g||^2. On
    the sphere and for coordinates ||v||^2 = d, so that E[(g . v)^2 ||v||^2] = d ||g||^2. parts, rank: of laws in factors.
    """
    below = dimension + excess(direction.removeprefix("replayed_"), parts, rank)
    return num_directions / below if below else np.inf


def projected_signal_to_noise(scale: str, num_directions: int, dimension: int) -> float:
    """The same of the projection on K Gaussian directions, P g: E||P g||^2 = (K/d) ||g||^2, so that E||P g - g||^2 = (1 - K/d)
    ||g||^2 and, times d/K (`unbiased`), E||(d/K) P g - g||^2 = (d/K - 1) ||g||^2: that of K orthonormal directions of length
    sqrt(d)."""
    error = 1 - num_directions / dimension
    return (
        1 / (error if scale == "projection" else error * dimension / num_directions)
        if error
        else np.inf
    )


def mean_square_on_part(support: int, part: int, dimension: int, share: float) -> float:
    """E||e_F||^2 / ||g||^2 of e = (g . v) v on a fixed set F of coordinates, where v is uniform on the sphere of radius sqrt(d) of
    a random support. support: its size s; part: the size of F; share: ||g_F||^2 / ||g||^2.

    Given the support S, E[v_i^2 v_j^2] = d^2 (1 + 2 [i = j]) / (s (s + 2)) within it, and a pair of coordinates is in S with
    probability s (s - 1) / (d (d - 1)), one with s/d. So E[(g . v)^2 v_i^2] = d/(s + 2) ((s - 1)/(d - 1) (||g||^2 - g_i^2) +
    3 g_i^2), summed over F. On the whole sphere, s = d, it is d/(d + 2) (|F| + 2 share), of the order of |F| and not of d; for
    few coordinates, s = 1, it is d share. It has the form of the bound of de Vazelhes et al. 2022, as we remember it.
    """
    pairs = (support - 1) / (dimension - 1) if dimension > 1 else 1.0
    return dimension / (support + 2) * (pairs * (part - share) + 3 * share)


def shrinkage(snr: float) -> float:
    """The factor c of the least E||c estimate - g||^2 of an unbiased estimate: SNR / (1 + SNR), so K/(d + K + 1) for Gaussian
    directions. E||c e - g||^2 = (c - 1)^2 ||g||^2 + c^2 ||g||^2 / SNR has its minimum there. On a quadratic whose Hessian is a
    multiple of the identity it is also the share of gradient descent's best learning rate that does best here."""
    return snr / (1 + snr) if np.isfinite(snr) else 1.0 if snr == np.inf else np.nan


def cosine(direction: str, num_directions: int, dimension: int) -> float:
    """E[cos(estimate, g)] of one direction that is uniform on the sphere, as a Gaussian's is: E|u_1| = Gamma(d/2) / (sqrt(pi)
    Gamma((d + 1)/2)), which tends to sqrt(2/(pi d)). The slope gives the estimate its sign, so that the cosine is positive."""
    if direction not in ("gaussian", "sphere") or num_directions != 1:
        return np.nan
    return float(np.exp(gammaln(dimension / 2) - gammaln((dimension + 1) / 2)) / np.sqrt(np.pi))


def difference_error(
    scheme: str, eps: float, unit: float, loss: np.ndarray, second: np.ndarray, third: np.ndarray
) -> np.ndarray:
    """The error of a difference along v: Taylor's next term, (eps/2) D2 f[v, v] forward and (eps^2/6) D3 f[v, v, v] central, and
    the rounding of two losses of relative error u, sqrt(2) u |f| / eps forward and half of it central, as if independent. The
    rounding of x + eps v, and of the sums inside f, is not in it."""
    truncation, rounding = (
        (eps / 2 * second, 2**0.5) if scheme == "forward" else (eps**2 / 6 * third, 2**-0.5)
    )
    return np.asarray(np.hypot(truncation, rounding * unit * np.abs(loss) / eps))


def variance(gradient: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Of coordinate i for one Gaussian direction: ||g||^2 + g_i^2 (Frye 2022). gradient: the coordinates; norm: ||g||."""
    return np.asarray(norm**2 + gradient**2)


def kurtosis(gradient: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Fourth central moment over squared variance of coordinate i for one Gaussian direction; 3 would be a normal law.

    With rho = g_i/||g||, the coordinate is ||g|| s v for standard normal s, v of correlation rho, and by Isserlis' theorem
    E[s v] = rho, E[(s v)^2] = 1 + 2 rho^2, E[(s v)^3] = 9 rho + 6 rho^3, E[(s v)^4] = 9 + 72 rho^2 + 24 rho^4. It is 9 where rho
    is small and 15 where it is 1.
    """
    rho = gradient / norm
    moments = 1 + 2 * rho**2, 9 * rho + 6 * rho**3, 9 + 72 * rho**2 + 24 * rho**4
    fourth = moments[2] - 4 * rho * moments[1] + 6 * rho**2 * moments[0] - 3 * rho**4
    return np.asarray(fourth / (1 + rho**2) ** 2)


def stable_rate(eigenvalues: np.ndarray) -> float:
    """The learning rate eta below which SGD along one Gaussian direction contracts in mean square on (1/2) x^T H x.

    With m_i = E[x_i^2] in H's eigenbasis, one step gives m_i' = (1 - 2 eta l_i + 2 eta^2 l_i^2) m_i + eta^2 sum_j l_j^2 m_j,
    which has a fixed point where sum_j eta l_j / (1 - eta l_j) = 2. For H = l I it is 2 / (l (d + 2)); where every eta l_j is
    small it is 2 / tr H. eigenvalues: (d,), positive.
    """
    largest = float(eigenvalues.max())

    def beyond(rate: float) -> float:
        return float((rate * eigenvalues / (1 - rate * eigenvalues)).sum()) - 2

    return float(brentq(beyond, 0.0, (1 - 1e-12) / largest, xtol=1e-15))


FACTORED = ("rank_one", "rank_one_gaussian", "low_rank", "block_shared")
"""The laws whose matrices are outer products, or sums of few."""


def least_products(
    estimator: str, direction: str, evaluations: float, num_directions: int, derivative: float
) -> float:
    """The multiplications of matrix products that an estimate cannot do without, over those of the function; NaN where no closed
    form is known here. derivative: those of a derivative over those of the function.

    A product A B of two arrays that depend on the parameters has two more in either mode: dA B + A dB forward, and A^T C and
    C B^T in reverse; one of a constant and a parameter, as that of a first layer, has one more. So forward and reverse
    accumulation add the same number, 2 for inner layers and 1 for the first. K directions share the function's own pass. Where dB
    is an outer product, A dB is no product of matrices: every layer has one less. (Of sums of few such, it is taken for none.)
    """
    along = derivative - 1 if direction.removeprefix("replayed_") in FACTORED else derivative
    known = {
        "backprop": 1 + derivative,
        "forward_gradient": 1 + num_directions * along,
        "projected_forward_gradient": 1 + num_directions * along,
        "finite_difference": evaluations,
        "mezo": evaluations,
    }
    return float(known.get(estimator, np.nan))
