"""From the same initial arrays, minibatches and directions both frameworks follow the same path, in every cell.

In float64 to 1e-9. In float32 to a bound that is derived, not tuned: let u = 2^-24 and n the longest chain of additions in an
entry of the loss. A sum of n products is off by at most n u of the sum of their magnitudes (Higham 2002, section 3.1), and
so, to first order, is a network evaluated layer by layer, where n adds up over the layers. A tangent is the sum of two such
terms for every product, each with the rounding of the primal in it: n u for the loss and 3 n u for the slope, relative to |f|
and to ||g|| ||v|| (a slope may itself be near zero). A difference divides by eps the rounding of two losses and that of the
two points at which they are taken. Paths part as their steps do: what the exact steps from the two points do to their distance
is computed in float64, and each framework adds the rounding of one step.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import criterion
from dirgrad.core.types import Backend, Estimate, Estimator
from support.cases import CASES, Case, compiled, estimators, inner, placed, random_like

STEPS = 10
UNIT = 2.0**-24
EPS = {"float64": 1e-3, "float32": 1e-2}
NAMES = list(estimators(1.0))
# Every problem is followed with one estimator of each kind, a few with all.
ONE_OF_EACH = ("backprop", "forward_gradient", "central_difference")
WITH_ALL = ("rosenbrock", "quadratic", "mlp")
PAIRS = [
    (problem, name)
    for problem in CASES
    for name in NAMES
    if problem in WITH_ALL or name in ONE_OF_EACH
]
Arrays = dict[str, np.ndarray]


def norm(x: Arrays) -> float:
    return float(np.sqrt(inner(x, x)))


def minus(x: Arrays, y: Arrays) -> Arrays:
    return {key: x[key].astype(np.float64) - y[key] for key in x}


def estimate(
    backend: Backend, case: Case, estimator: Estimator, at: Arrays, step: int, dtype: str
) -> tuple[float, float, Arrays]:
    """Loss, slope and vector of the estimate at a point, on the minibatch and along the directions of a step, which are
    the same numbers in either dtype."""
    ops, numpy = backend.ops, backend.engine.to_numpy
    given = tuple(
        ops.asarray(array.astype(dtype) if array.dtype.kind == "f" else array)
        for array in case.batch("float32", step)
    )
    drawn = [
        random_like(case.params("float32"), seed=100 * step + j)
        for j in range(max(estimator.num_directions, 1))
    ]
    stacked = {key: ops.asarray(np.stack([v[key] for v in drawn]).astype(dtype)) for key in at}
    params = placed(backend, {key: leaf.astype(dtype) for key, leaf in at.items()})
    found = function(backend, case, estimator)(params, given, stacked)
    assert {str(numpy(leaf).dtype) for leaf in found.vector.values()} == {dtype}
    return (
        float(found.loss),
        float(found.scale),
        {key: numpy(leaf) for key, leaf in found.vector.items()},
    )


@cache
def function(backend: Backend, case: Case, estimator: Estimator) -> Callable[..., Any]:
    """The estimate as a function of parameters, minibatch and directions."""

    def of(params: Arrays, batch: tuple[Any, ...], directions: Arrays) -> Estimate:
        def loss(at: Arrays) -> Any:
            return criterion.loss(case.problem, backend.ops, at, batch)

        return estimator.estimate(
            backend.ops, loss, params, lambda j: {key: leaf[j] for key, leaf in directions.items()}
        )

    return compiled(backend, of)


def moved(backend: Backend, case: Case, at: Arrays, slope: float, vector: Arrays) -> Arrays:
    """One step of gradient descent, in the framework and in the dtype of `at`."""
    ops, dtype = backend.ops, next(iter(at.values())).dtype
    found = Estimate(0.0, ops.asarray(np.array(slope, dtype)), placed(backend, vector))
    params, _ = Sgd().update(
        ops, placed(backend, at), found, (), ops.asarray(np.array(case.rate, dtype))
    )
    return {key: backend.engine.to_numpy(leaf) for key, leaf in params.items()}


@pytest.mark.parametrize(("problem", "name"), PAIRS)
def test_both_frameworks_follow_the_same_path_in_float64(
    both: tuple[Backend, Backend], problem: str, name: str
) -> None:
    case, estimator = CASES[problem], estimators(EPS["float64"])[name]
    points = [case.params("float64")] * 2
    for step in range(STEPS):
        (f, s, v), (f2, s2, v2) = (
            estimate(b, case, estimator, p, step, "float64")
            for b, p in zip(both, points, strict=True)
        )
        _, _, g = estimate(both[0], case, estimators(1.0)["backprop"], points[0], step, "float64")
        assert f == pytest.approx(f2, rel=1e-9)
        assert abs(s - s2) * norm(v) <= 1e-9 * norm(g) * max(norm(v), 1.0) ** 2
        assert norm(minus(v, v2)) <= 1e-9 * norm(v)
        points = [
            moved(b, case, p, *w) for b, p, w in zip(both, points, [(s, v), (s2, v2)], strict=True)
        ]
    assert norm(minus(*points)) <= 1e-9 * norm(points[0])
    assert norm(minus(points[0], case.params())) > 0


@pytest.mark.parametrize(("problem", "name"), PAIRS)
def test_both_frameworks_follow_the_same_path_in_float32(
    both: tuple[Backend, Backend], problem: str, name: str
) -> None:
    case, estimator = CASES[problem], estimators(EPS["float32"])[name]
    points, allowed = [case.params("float32")] * 2, 0.0
    for step in range(STEPS):
        parting, nexts = [], []
        for backend, point in zip(both, points, strict=True):
            f, s, v = estimate(backend, case, estimator, point, step, "float32")
            # torch compiles nothing; that both frameworks agree in float64 is the test above.
            f64, s64, v64 = estimate(both[1], case, estimator, point, step, "float64")
            _, _, g = estimate(both[1], case, estimators(1.0)["backprop"], point, step, "float64")
            loss_bound, vector_bound = local_bounds(case, name, f64, norm(g), norm(point), step)
            assert abs(f - f64) <= loss_bound
            error = minus(
                {k: s * leaf.astype(np.float64) for k, leaf in v.items()},
                {k: s64 * leaf for k, leaf in v64.items()},
            )
            assert norm(error) <= vector_bound
            nexts.append(moved(backend, case, point, s, v))
            exact = {k: point[k].astype(np.float64) - case.rate * s64 * v64[k] for k in point}
            parting.append(
                (
                    exact,
                    case.rate * (vector_bound + 2 * UNIT * abs(s64) * norm(v64))
                    + UNIT * norm(exact),
                )
            )
        (exact, local), (exact2, local2) = parting
        # Whatever the exact steps do to the distance of the two points, and the rounding of one step of each.
        allowed = norm(minus(exact, exact2)) + local + local2
        points = nexts
        assert norm(minus(*points)) <= allowed
    assert norm(minus(points[0], case.params("float32"))) > 0


def local_bounds(
    case: Case, name: str, f: float, g: float, theta: float, step: int
) -> tuple[float, float]:
    """How far loss and estimate may be from exact at one point. theta: the length of the parameters."""
    gamma, eps = case.terms * UNIT, EPS["float32"]
    difference = "difference" in name
    count = 3 if name.endswith("_k3") else 1
    lengths = [norm(random_like(case.params("float32"), seed=100 * step + j)) for j in range(count)]
    v = max(lengths)
    # A loss is that of a point that is itself rounded, and of points a step of eps away.
    reach = theta + eps * v if difference else 0.0
    loss = gamma * abs(f) + (gamma * eps * v * g + UNIT * reach * g if difference else 0.0)
    if name == "backprop":
        return loss, 3 * gamma * g
    slope = 3 * gamma * g * v + (2 * loss / eps if difference else 0.0)
    return loss, slope * v + 2 * UNIT * g * v * v
