"""Closed forms for the forward gradient (g . v) v, each with its derivation or source.

Throughout, g is the gradient, d is its dimension, v is a direction and K is the number of
directions. A law is the distribution of v, with E[v v^T] = I.
"""

from math import exp, lgamma, pi, sqrt

import numpy as np

from dirgrad.core.curvature_noise import Curvature


def projected_signal_to_noise(scale: str, num_directions: int, dimension: int) -> float:
    """Return the SNR ||g||^2 / E||e - g||^2 of the projection P g on K Gaussian directions.

    E||P g||^2 = (K/d) ||g||^2, so that E||P g - g||^2 = (1 - K/d) ||g||^2. With the factor d/K the
    projection is unbiased and E||(d/K) P g - g||^2 = (d/K - 1) ||g||^2. The mean over K orthogonal
    directions of length sqrt(d) has the latter error too. The SNR is infinite for K = d.

    Args:
        scale: "projection" for e = P g, "unbiased" for e = (d/K) P g.
        num_directions: K, at most d.
        dimension: d.

    Returns:
        The ratio; NaN for K > d, where the projection is not defined.
    """
    if num_directions > dimension:
        return np.nan
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


def gaussian_curvature_noise(curvature: Curvature) -> float:
    """Return E[(g . v)^2 v^T H v] for one Gaussian direction v.

    By Isserlis' theorem it is ||g||^2 tr H + 2 g^T H g, the sum over the three pairings of the four
    factors v.
    """
    return curvature.trace_term + 2 * curvature.along_gradient


def independent_curvature_noise(kurtosis: float, curvature: Curvature) -> float:
    """Return E[(g . v)^2 v^T H v] for a direction v of independent, symmetric entries.

    The pairings of the Gaussian law count a factor v_i^4 three times, so that the difference is
    (E[v_i^4] - 3) sum_i g_i^2 H_ii.

    Args:
        kurtosis: E[v_i^4].
        curvature: g and H.
    """
    return gaussian_curvature_noise(curvature) + (kurtosis - 3) * curvature.diagonal_term


def sphere_curvature_noise(support: int, curvature: Curvature) -> float:
    """Return E[(g . v)^2 v^T H v] for the direction v of `mean_square_on_part`.

    Derivation: given the support S, E[v_i v_j v_k v_l] is d^2 / (s (s + 2)) times the number of
    pairings of i, j, k and l, if all are in S. With q = (s - 1)/(d - 1), two coordinates are in S
    with probability q s/d, and one with s/d. So the result is d/(s + 2) times
    q (||g||^2 tr H + 2 g^T H g) + 3 (1 - q) sum_i g_i^2 H_ii.

    Limits: for s = d it is d/(d + 2) times the value of a Gaussian direction. For s = 1 it is
    d sum_i g_i^2 H_ii.

    Args:
        support: s.
        curvature: g and H.
    """
    dimension = len(curvature.hessian)
    pairs = (support - 1) / (dimension - 1) if dimension > 1 else 1.0
    mean = pairs * gaussian_curvature_noise(curvature) + 3 * (1 - pairs) * curvature.diagonal_term
    return dimension / (support + 2) * mean


def fourth_cumulant_of_outer_product(
    kurtosis: float, gradient: np.ndarray, hessian: np.ndarray
) -> float:
    """Return E[(G . V)^2 V^T H V] for V = a b^T, minus the value of a Gaussian matrix V.

    The entries of a (m,) and b (n,) are independent, symmetric and of variance 1. Products with G
    and H are over all m n entries of V.

    Derivation: E[V_ij V_kl V_pq V_rs] = E[a_i a_k a_p a_r] E[b_j b_l b_q b_s]. Each factor is the
    sum over the three pairings of its indices, plus c = E[a_i^4] - 3 if all indices are equal.
    Their product has 16 terms. The terms in which both factors have the same pairing are the value
    of a Gaussian matrix.

    Args:
        kurtosis: E[a_i^4] = E[b_j^4].
        gradient: G: (m, n).
        hessian: H, symmetric: (m, n, m, n).
    """
    c = kurtosis - 3
    # Partial traces of H, over the columns and over the rows of V.
    rows = np.einsum("iqkq->ik", hessian)
    columns = np.einsum("pjpl->jl", hessian)
    row_products, column_products = gradient @ gradient.T, gradient.T @ gradient
    exchanged = hessian.transpose(0, 3, 2, 1).reshape(gradient.size, gradient.size)
    flat = gradient.reshape(-1)
    # Each first sum is a view of H, so that no product of its size is formed.
    same_column, same_row = np.einsum("ijkj->ikj", hessian), np.einsum("ijil->ijl", hessian)
    within_columns = np.einsum("ij,kj,ikj->", gradient, gradient, same_column, optimize=True)
    within_rows = np.einsum("ij,il,ijl->", gradient, gradient, same_row, optimize=True)
    diagonal = np.einsum("ij,ijij->", gradient**2, hessian)
    total = (
        2 * (column_products * columns).sum()
        + 2 * (row_products * rows).sum()
        + 2 * flat @ exchanged @ flat
        + c * np.diag(column_products) @ np.diag(columns)
        + c * np.diag(row_products) @ np.diag(rows)
        + 2 * c * (within_columns + within_rows)
        + c**2 * diagonal
    )
    return float(total)


def evaluations_scale(num_directions: int, mean_square: float) -> float:
    """Return K - 1 + M, to which the evaluations of a sparse gradient descent are proportional.

    M is E||e_F||^2 / ||g||^2 for one direction, as in `mean_square_on_part`. The set F contains
    every coordinate in which an iterate, the next iterate or the solution is not zero.

    Derivation: let g be zero outside of F. The mean e of K independent estimates has
    E||e_F||^2 = (K - 1 + M)/K ||g||^2, because the K (K - 1) mixed products have the mean ||g||^2.
    A step of the rate c on (L/2)||x||^2 then shrinks the mean of ||x_F||^2 by the factor
    1 - 2 c L + c^2 L^2 (K - 1 + M)/K, which is least, 1 - K/(K - 1 + M), at c L = K/(K - 1 + M). A
    step takes K evaluations, so their number is close to (K - 1 + M) log(initial / final ||x||^2).

    The error that the choice of F adds to a step is left out. It is large if e is noisy outside of
    F, that is, for small K.

    Args:
        num_directions: K.
        mean_square: M.
    """
    return num_directions - 1 + mean_square


def shrinkage(snr: float) -> float:
    """Return the factor c that minimizes E||c e - g||^2 for an unbiased estimate e of g.

    c = SNR / (1 + SNR), since E||c e - g||^2 = (c - 1)^2 ||g||^2 + c^2 ||g||^2 / SNR. For K
    Gaussian directions c = K/(d + K + 1). On a quadratic whose Hessian is a multiple of the
    identity, the best learning rate is c times the best learning rate of gradient descent.
    """
    if np.isfinite(snr):
        return snr / (1 + snr)
    return 1.0 if snr == np.inf else np.nan


def uniform_cosine(dimension: int) -> float:
    """Return E[cos((g . v) v, g)] for a direction v whose v/||v|| is uniform on the unit sphere.

    The slope gives the estimate its sign, so that the cosine is |u . g| / ||g|| for u = v/||v||.
    Its mean is E|u_1| = Gamma(d/2) / (sqrt(pi) Gamma((d + 1)/2)), which tends to sqrt(2/(pi d)).
    """
    log_ratio = lgamma(dimension / 2) - lgamma((dimension + 1) / 2)
    return exp(log_ratio) / sqrt(pi)


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


def gaussian_variance(gradient: np.ndarray, norm: np.ndarray | float) -> np.ndarray:
    """Return the variance of coordinate i of the estimate for one Gaussian direction.

    It is ||g||^2 + g_i^2 (Frye 2022).

    Args:
        gradient: Coordinates g_i, of any shape.
        norm: ||g||, which broadcasts against `gradient`.
    """
    return np.asarray(norm**2 + gradient**2)


def gaussian_kurtosis(gradient: np.ndarray, norm: np.ndarray | float) -> np.ndarray:
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


def gaussian_stable_rate(eigenvalues: np.ndarray) -> float:
    """Return the learning rate below which SGD contracts in mean square on (1/2) x^T H x.

    SGD takes the estimate along one Gaussian direction.

    Derivation: let m_i = E[x_i^2] in the eigenbasis of H. One step with the learning rate eta gives
    m_i' = (1 - 2 eta l_i + 2 eta^2 l_i^2) m_i + eta^2 sum_j l_j^2 m_j. This map has a fixed point
    if sum_j eta l_j / (1 - eta l_j) = 2. The result is the root eta of this equation.

    Limits: for H = l I it is 2 / (l (d + 2)). If every eta l_j is small, it is 2 / tr H.

    Args:
        eigenvalues: l, the eigenvalues of H, all positive: (d,).
    """
    # SciPy is slow to import, and the components that use this module are imported to plan jobs.
    from scipy.optimize import brentq

    largest = float(eigenvalues.max())

    def fixed_point_residual(rate: float) -> float:
        scaled = rate * eigenvalues
        return float((scaled / (1 - scaled)).sum()) - 2

    return float(brentq(fixed_point_residual, 0.0, (1 - 1e-12) / largest, xtol=1e-15))


def isotropic_best_rate(eigenvalue: float, dimension: int) -> float:
    """Return the learning rate with the fastest mean contraction on (l/2) ||x||^2.

    SGD takes the estimate along one Gaussian direction v.

    Derivation: x' = x - eta l (x . v) v. Since E[(x . v)^2] = ||x||^2 and
    E[(x . v)^2 ||v||^2] = (d + 2) ||x||^2, E||x'||^2 = (1 - 2 eta l + (d + 2) (eta l)^2) ||x||^2.
    The factor is smallest for eta = 1/(l (d + 2)), half of the largest stable rate.

    Args:
        eigenvalue: l.
        dimension: d.
    """
    return 1 / (eigenvalue * (dimension + 2))


def isotropic_contraction(dimension: int) -> float:
    """Return E||x'||^2 / ||x||^2 of a step at `isotropic_best_rate`: 1 - 1/(d + 2)."""
    return 1 - 1 / (dimension + 2)
