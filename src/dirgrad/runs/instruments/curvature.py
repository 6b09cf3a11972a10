"""Curvature of a loss at a workload: products with its Hessian, the Hessian, trace and eigenvalue.

Products are Jacobian-vector products of the gradient, so no instrument needs more than `Ops`.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from dirgrad.core import closed_forms, curvature_noise, tree
from dirgrad.core.types import Array, Backend, Batch, Estimator, Params
from dirgrad.runs.instruments.workload import Workload, as_rows, loss

Products: TypeAlias = Callable[[Workload, np.ndarray], np.ndarray]
"""Function (workload, vectors (n, d)) -> Hessian times each vector, (n, d) float64."""

DENSE = 3000
"""Largest number of parameters whose Hessian is computed as a matrix."""
PROBES = 200
"""Number of Rademacher vectors of Hutchinson's estimate of the trace, for more parameters.

Its standard error is at most sqrt(2/n) ||H||_F (Hutchinson 1989), and ||H||_F is a small part of
tr H if many eigenvalues contribute.
"""
PRODUCTS_AT_ONCE = 32
"""Number of products that one call of the compiled function computes for a matrix or a trace."""


class Spectrum(NamedTuple):
    """Two numbers about the eigenvalues of a Hessian.

    Attributes:
        trace: Sum of the eigenvalues.
        largest: Largest eigenvalue.
        probes: Number of vectors of Hutchinson's estimate, or 0 for an exact trace.
    """

    trace: float
    largest: float
    probes: int


def hessian_products(
    backend: Backend, workload: Workload, at_once: int = PRODUCTS_AT_ONCE
) -> Products:
    """Return the function that multiplies vectors by the Hessian of a problem.

    It is compiled once, for all workloads on the problem, and takes `at_once` vectors in a call. A
    vector has the entries of the parameters in their order.
    """
    f = loss(backend.ops, workload.problem)

    def product(vector: Array, params: Params, batch: Batch) -> Params:
        v = tree.unravel(vector, params)
        _, tangent = backend.ops.jvp(gradient_of(batch), (params,), (v,))
        result: Params = tangent
        return result

    def gradient_of(batch: Batch) -> Callable[[Params], Params]:
        def gradient(x: Params) -> Params:
            _, g = backend.ops.value_and_grad(lambda y: f(y, batch))(x)
            return g

        return gradient

    in_lanes = backend.engine.vmap_trials(product, (1, 2), at_once)
    dtype = backend.engine.to_numpy(tree.first_leaf(workload.params)).dtype

    def products(target: Workload, vectors: np.ndarray) -> np.ndarray:
        chunks = []
        for first in range(0, len(vectors), at_once):
            chunk = vectors[first : first + at_once]
            missing = at_once - len(chunk)
            full = np.concatenate([chunk, np.zeros((missing, chunk.shape[1]))]).astype(dtype)
            lanes = in_lanes(backend.ops.asarray(full), target.params, target.batch)
            chunks.append(as_rows(backend, lanes)[: len(chunk)])
        return np.concatenate(chunks)

    return products


def hessian(products: Products, workload: Workload) -> np.ndarray:
    """Return the Hessian as a symmetric matrix: (d, d) float64."""
    matrix = products(workload, np.eye(workload.dimension))
    # The two halves differ by rounding.
    symmetric: np.ndarray = (matrix + matrix.T) / 2
    return symmetric


def hutchinson(products: Products, workload: Workload, probes: int = PROBES) -> float:
    """Estimate tr H as the mean of z^T H z over vectors z of random signs."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (probes, workload.dimension))
    return float((signs * products(workload, signs)).sum(axis=1).mean())


def largest_eigenvalue(multiply: Callable[[np.ndarray], np.ndarray], dimension: int) -> float:
    """Return the largest eigenvalue of a symmetric matrix, by Lanczos iterations.

    Args:
        multiply: Map v -> H v, each (d,).
        dimension: d, which is at least 2.
    """
    # SciPy is slow to import.
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = LinearOperator((dimension, dimension), matvec=multiply, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(dimension)
    (value,) = eigsh(operator, k=1, which="LA", v0=start, tol=1e-3, return_eigenvectors=False)
    return float(value)


def spectrum(backend: Backend, workload: Workload) -> Spectrum:
    """Return trace and largest eigenvalue of the Hessian of a workload.

    They are exact for a problem that declares its eigenvalues. For at most DENSE parameters the
    trace is exact up to rounding. Otherwise it is Hutchinson's estimate.

    Raises:
        NotImplementedError: The framework cannot differentiate the problem twice.
    """
    if isinstance(workload.problem, closed_forms.HasEigenvalues):
        eigenvalues = workload.problem.eigenvalues()
        return Spectrum(float(eigenvalues.sum()), float(eigenvalues.max()), 0)
    products = hessian_products(backend, workload)
    matrix, trace, probes = _matrix_and_trace(products, workload)
    if workload.dimension == 1:
        return Spectrum(trace, trace, probes)
    if matrix is not None:
        return Spectrum(trace, largest_eigenvalue(matrix.__matmul__, workload.dimension), probes)
    one_product = hessian_products(backend, workload, at_once=1)

    def multiply(v: np.ndarray) -> np.ndarray:
        row: np.ndarray = one_product(workload, v[None])[0]
        return row

    return Spectrum(trace, largest_eigenvalue(multiply, workload.dimension), probes)


def _matrix_and_trace(
    products: Products, workload: Workload
) -> tuple[np.ndarray | None, float, int]:
    """Return H for at most DENSE parameters, else None; tr H; and the number of probes of tr H."""
    if workload.dimension > DENSE:
        return None, hutchinson(products, workload), PROBES
    matrix = hessian(products, workload)
    return matrix, float(np.trace(matrix)), 0


class WeightedNoise(NamedTuple):
    """The Hessian H at a point, with which estimates are weighted.

    Attributes:
        scale: ||g||^2 tr H, which is positive.
        probes: As in `Spectrum`.
        matrix: H, (d, d); None for more than DENSE parameters.
        multiply: Map vectors (n, d) -> H times each vector, (n, d).
    """

    scale: float
    probes: int
    matrix: np.ndarray | None
    multiply: Callable[[np.ndarray], np.ndarray]

    def weigh(self, estimates: np.ndarray) -> np.ndarray:
        """Return e^T H e / (||g||^2 tr H) for each estimate e: (n, d) -> (n,)."""
        products = self.multiply(estimates)
        noise: np.ndarray = (estimates * products).sum(axis=1) / self.scale
        return noise

    def expected(self, estimator: Estimator, gradient: Mapping[str, np.ndarray]) -> float:
        """Return the closed form of the mean; NaN without the matrix, or if none is declared.

        Args:
            estimator: The estimator.
            gradient: The arrays of g, by name.
        """
        if self.matrix is None:
            return np.nan
        arrays = tuple(gradient.values())
        point = curvature_noise.Curvature(arrays, self.matrix, tuple(gradient))
        return curvature_noise.of_estimate(estimator, point) / self.scale


def weighted_noise(
    products: Products, workload: Workload, gradient: np.ndarray
) -> WeightedNoise | None:
    """Return the weights of estimates at a workload, or None if tr H or g is not positive.

    Args:
        products: Products with the Hessian of the problem.
        workload: The point.
        gradient: g, (d,).

    Raises:
        NotImplementedError: The framework cannot differentiate the problem twice.
    """
    matrix, trace, probes = _matrix_and_trace(products, workload)
    scale = float((gradient**2).sum()) * trace
    if not scale > 0:
        return None

    def multiply(vectors: np.ndarray) -> np.ndarray:
        return products(workload, vectors) if matrix is None else vectors @ matrix

    return WeightedNoise(scale, probes, matrix, multiply)


def weights_at(
    backend: Backend, workload: Workload
) -> Callable[[Workload, np.ndarray], WeightedNoise | None]:
    """Return the function (point, gradient) -> weights there; it is compiled once.

    Its result is None where the framework cannot differentiate the problem twice, too.
    """
    products = hessian_products(backend, workload)

    def weights(point: Workload, gradient: np.ndarray) -> WeightedNoise | None:
        try:
            return weighted_noise(products, point, gradient)
        except NotImplementedError:
            return None

    return weights
