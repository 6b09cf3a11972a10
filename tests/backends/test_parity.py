"""Both frameworks follow the same path from equal parameters, minibatches and directions.

In float64 the tolerance is 1e-9. In float32 it is a bound from an analysis of rounding errors, to
first order in the unit roundoff u = 2^-24. Let n be the longest chain of additions in an entry of
the loss f, g the gradient and v a direction.

Loss: the error of a sum of n products is at most n u times the sum of their magnitudes (Higham
2002, section 3.1). A network is evaluated layer by layer, and its chains add up to n. The bound is
n u |f|.

Slope: the tangent of each product is the sum of two products, and both contain the rounding of the
primal values. The bound is 3 n u ||g|| ||v||. It is relative to ||g|| ||v||, because a slope may be
near zero.

Difference: the quotient divides by eps the rounding of two losses and of their two points.

Path: the distance after a step is at most the distance after two exact steps, which are computed in
float64, plus the rounding of one step in each framework.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import criterion
from dirgrad.core.types import Array, Backend, Estimate, Estimator, Params
from support.cases import CASES, Case, compiled, estimators, inner, placed, random_like

STEPS = 10
UNIT_ROUNDOFF = 2.0**-24
EPS = {"float64": 1e-3, "float32": 1e-2}
NAMES = list(estimators(1.0))
# These problems run with all estimators, and every other problem with one of each kind.
PROBLEMS_WITH_ALL_ESTIMATORS = ("rosenbrock", "quadratic", "mlp")
ESTIMATOR_OF_EACH_KIND = ("backprop", "forward_gradient", "central_difference")
PAIRS = [
    (problem, name)
    for problem in CASES
    for name in NAMES
    if problem in PROBLEMS_WITH_ALL_ESTIMATORS or name in ESTIMATOR_OF_EACH_KIND
]
Arrays = dict[str, np.ndarray]


class NumpyEstimate(NamedTuple):
    """An estimate `scale * vector` with its loss, in NumPy."""

    loss: float
    scale: float
    vector: Arrays


def norm(x: Arrays) -> float:
    return float(np.sqrt(inner(x, x)))


def subtract(x: Arrays, y: Arrays) -> Arrays:
    return {name: x[name].astype(np.float64) - y[name] for name in x}


def multiply(estimate: NumpyEstimate) -> Arrays:
    """Return `scale * vector` in float64."""
    vector = estimate.vector
    return {name: estimate.scale * leaf.astype(np.float64) for name, leaf in vector.items()}


def directions_of_step(case: Case, estimator: Estimator, step: int) -> list[Arrays]:
    """Return the directions of a step; all dtypes and frameworks get the same values."""
    count = max(estimator.num_directions, 1)
    params = case.params("float32")
    return [random_like(params, seed=100 * step + index) for index in range(count)]


def estimate_at(
    backend: Backend, case: Case, estimator: Estimator, point: Arrays, step: int, dtype: str
) -> NumpyEstimate:
    """Estimate the gradient at a point with the minibatch and the directions of a step."""
    ops, numpy = backend.ops, backend.engine.to_numpy

    def convert(array: np.ndarray) -> Array:
        is_float = array.dtype.kind == "f"
        return ops.asarray(array.astype(dtype) if is_float else array)

    batch = tuple(convert(array) for array in case.batch("float32", step))
    directions = directions_of_step(case, estimator, step)
    stacked = {name: convert(np.stack([v[name] for v in directions])) for name in point}
    params = {name: convert(leaf) for name, leaf in point.items()}
    estimate = estimate_function(backend, case, estimator)(params, batch, stacked)
    vector = {name: numpy(leaf) for name, leaf in estimate.vector.items()}
    assert {str(leaf.dtype) for leaf in vector.values()} == {dtype}
    return NumpyEstimate(float(estimate.loss), float(estimate.scale), vector)


@cache
def estimate_function(backend: Backend, case: Case, estimator: Estimator) -> Callable[..., Any]:
    """Return the estimate as a function of parameters, minibatch and directions."""

    def estimate(params: Params, batch: tuple[Array, ...], directions: Params) -> Estimate:
        def loss(params: Params) -> Array:
            return criterion.loss(case.problem, backend.ops, params, batch)

        def sampler(j: Any) -> Params:
            return {name: leaf[j] for name, leaf in directions.items()}

        return estimator.estimate(backend.ops, loss, params, sampler)

    return compiled(backend, estimate)


def gradient_norm(backend: Backend, case: Case, point: Arrays, step: int) -> float:
    backprop = estimators(1.0)["backprop"]
    return norm(estimate_at(backend, case, backprop, point, step, "float64").vector)


def sgd_step(backend: Backend, case: Case, point: Arrays, estimate: NumpyEstimate) -> Arrays:
    """Take one step of SGD in a framework, in the dtype of the point."""
    ops = backend.ops
    dtype = next(iter(point.values())).dtype
    scale = ops.asarray(np.array(estimate.scale, dtype))
    rate = ops.asarray(np.array(case.rate, dtype))
    framework_estimate = Estimate(0.0, scale, placed(backend, estimate.vector))
    params, _ = Sgd().update(ops, placed(backend, point), framework_estimate, (), rate)
    return {name: backend.engine.to_numpy(leaf) for name, leaf in params.items()}


@pytest.mark.parametrize(("problem", "name"), PAIRS)
def test_both_frameworks_follow_the_same_path_in_float64(
    both: tuple[Backend, Backend], problem: str, name: str
) -> None:
    case, estimator = CASES[problem], estimators(EPS["float64"])[name]
    jax, torch = both
    jax_point = torch_point = case.params("float64")
    for step in range(STEPS):
        jax_estimate = estimate_at(jax, case, estimator, jax_point, step, "float64")
        torch_estimate = estimate_at(torch, case, estimator, torch_point, step, "float64")
        length = norm(jax_estimate.vector)
        gradient = gradient_norm(jax, case, jax_point, step)
        scale_error = abs(jax_estimate.scale - torch_estimate.scale)
        assert jax_estimate.loss == pytest.approx(torch_estimate.loss, rel=1e-9)
        assert scale_error * length <= 1e-9 * gradient * max(length, 1.0) ** 2
        assert norm(subtract(jax_estimate.vector, torch_estimate.vector)) <= 1e-9 * length
        jax_point = sgd_step(jax, case, jax_point, jax_estimate)
        torch_point = sgd_step(torch, case, torch_point, torch_estimate)
    assert norm(subtract(jax_point, torch_point)) <= 1e-9 * norm(jax_point)
    assert norm(subtract(jax_point, case.params())) > 0


@pytest.mark.parametrize(("problem", "name"), PAIRS)
def test_both_frameworks_follow_the_same_path_in_float32_up_to_rounding(
    both: tuple[Backend, Backend], problem: str, name: str
) -> None:
    case = CASES[problem]
    points = [case.params("float32")] * 2
    for step in range(STEPS):
        (jax_point, jax_exact, jax_bound), (torch_point, torch_exact, torch_bound) = (
            checked_float32_step(backend, both[1], case, name, point, step)
            for backend, point in zip(both, points, strict=True)
        )
        allowed = norm(subtract(jax_exact, torch_exact)) + jax_bound + torch_bound
        points = [jax_point, torch_point]
        assert norm(subtract(jax_point, torch_point)) <= allowed
    assert norm(subtract(points[0], case.params("float32"))) > 0


def checked_float32_step(
    backend: Backend, torch: Backend, case: Case, name: str, point: Arrays, step: int
) -> tuple[Arrays, Arrays, float]:
    """Take one step in float32 and check its loss and its estimate against float64.

    PyTorch provides the float64 values, because it needs no compilation. Another test checks that
    both frameworks agree in float64.

    Returns:
        The next point, the next point after an exact step, and a bound on their distance.
    """
    estimator = estimators(EPS["float32"])[name]
    estimate = estimate_at(backend, case, estimator, point, step, "float32")
    exact = estimate_at(torch, case, estimator, point, step, "float64")
    gradient = gradient_norm(torch, case, point, step)
    bounds = float32_bounds(case, name, exact.loss, gradient, norm(point), step)
    assert abs(estimate.loss - exact.loss) <= bounds.loss
    product = multiply(estimate)
    exact_product = multiply(exact)
    assert norm(subtract(product, exact_product)) <= bounds.estimate

    next_point = sgd_step(backend, case, point, estimate)
    exact_next = {k: point[k].astype(np.float64) - case.rate * exact_product[k] for k in point}
    product_rounding = 2 * UNIT_ROUNDOFF * abs(exact.scale) * norm(exact.vector)
    sum_rounding = UNIT_ROUNDOFF * norm(exact_next)
    step_bound = case.rate * (bounds.estimate + product_rounding) + sum_rounding
    return next_point, exact_next, step_bound


class Float32Bounds(NamedTuple):
    """Bounds on the rounding errors of the loss and of the estimate."""

    loss: float
    estimate: float


def float32_bounds(
    case: Case, name: str, loss: float, gradient: float, params: float, step: int
) -> Float32Bounds:
    """Return the bounds at one point; `gradient` and `params` are lengths."""
    gamma = case.terms * UNIT_ROUNDOFF
    loss_bound = gamma * abs(loss)
    if name == "backprop":
        return Float32Bounds(loss_bound, 3 * gamma * gradient)
    directions = directions_of_step(case, estimators(1.0)[name], step)
    length = max(norm(v) for v in directions)
    slope_bound = 3 * gamma * gradient * length
    if "difference" in name:
        eps = EPS["float32"]
        # The losses are evaluated at points that are rounded and that are up to eps v away.
        change_of_loss = gamma * eps * length * gradient
        rounding_of_points = UNIT_ROUNDOFF * (params + eps * length) * gradient
        loss_bound += change_of_loss + rounding_of_points
        slope_bound += 2 * loss_bound / eps
    product_rounding = 2 * UNIT_ROUNDOFF * gradient * length * length
    return Float32Bounds(loss_bound, slope_bound * length + product_rounding)
