"""A hyperplane search steps to the minimum of the quadratic model in the span of its directions."""

import numpy as np
import pytest
from scipy.optimize import rosen_der, rosen_hess

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.hyperplane_search import HyperplaneSearch
from dirgrad.components.problems.quadratic import Quadratic
from dirgrad.components.problems.rosenbrock import Rosenbrock
from dirgrad.core import steps, tree
from dirgrad.core.types import Array, Backend, Loss, Params
from support.cases import CASES, Case, compiled, loss_of, placed, random_like, to_numpy
from support.confidence import z_bound

ISOTROPIC = Case(Quadratic(dimension=6, condition=1.0), 8)


def step_along(
    backend: Backend,
    loss: Loss,
    arrays: dict[str, np.ndarray],
    num_directions: int,
    damping: float = 0.0,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], float]:
    """Return the estimate along normal directions, the directions (K, ...) and the loss."""
    drawn = [random_like(arrays, seed) for seed in range(num_directions)]
    directions = {name: np.stack([v[name] for v in drawn]) for name in arrays}
    stacks = placed(backend, directions)
    estimator = HyperplaneSearch(
        direction=Gaussian(), num_directions=num_directions, damping=damping
    )

    def estimate(params: Params) -> tuple[Params, Array]:
        def sampler(j):
            return {name: stack[j] for name, stack in stacks.items()}

        result = estimator.estimate(backend.ops, loss, params, sampler)
        return tree.scale(result.scale, result.vector), result.loss

    vector, value = compiled(backend, estimate)(placed(backend, arrays))
    return to_numpy(backend, vector), directions, float(value)


def newton_step(
    gradient: np.ndarray, hessian: np.ndarray, directions: np.ndarray, damping: float
) -> np.ndarray:
    """Return the step by its definition, with the directions as rows."""
    curvatures = directions @ hessian @ directions.T
    u = np.linalg.pinv(curvatures) @ (directions @ gradient) @ directions
    return (gradient @ u) / (abs(u @ hessian @ u) + damping * (u @ u)) * u


@pytest.mark.parametrize("num_directions", [1, 3])
def test_on_a_quadratic_the_step_ends_at_the_minimum_in_the_span(
    backend: Backend, num_directions: int
) -> None:
    case = CASES["quadratic"]
    x = case.params()["x"]
    step, directions, value = step_along(backend, loss_of(backend, case), {"x": x}, num_directions)
    gradient = case.problem.eigenvalues() * (x - step["x"])
    np.testing.assert_allclose(directions["x"] @ gradient, 0.0, atol=1e-9)
    assert value == pytest.approx(float(loss_of(backend, case)(placed(backend, {"x": x}))))


def test_as_many_directions_as_parameters_reach_the_minimum_of_a_quadratic(
    backend: Backend,
) -> None:
    case = Case(Quadratic(dimension=6), 8)
    x = case.params()["x"]
    step, directions, _ = step_along(backend, loss_of(backend, case), {"x": x}, len(x))
    v = directions["x"]
    condition = np.linalg.cond(v * case.problem.eigenvalues() @ v.T)
    # Solving for the weights multiplies the rounding error by the condition number.
    tolerance = 10 * np.finfo(float).eps * condition * np.linalg.norm(x)
    assert tolerance < 1e-9
    np.testing.assert_allclose(x - step["x"], 0.0, atol=tolerance)


def test_a_line_search_lowers_an_isotropic_quadratic_by_one_dth_in_the_mean(
    backend: Backend,
) -> None:
    """The mean step is the gradient divided by d and by the curvature, which is 1."""
    lanes, arrays = 4_000, ISOTROPIC.params()
    params, d = placed(backend, arrays), len(arrays["x"])
    estimator = HyperplaneSearch(direction=Gaussian())

    def estimate(key):
        result = steps.estimate(backend.ops, ISOTROPIC.problem, estimator, key, params, ())
        return tree.scale(result.scale, result.vector)

    keys = backend.engine.keys(np.arange(lanes))
    drawn = to_numpy(backend, backend.engine.vmap_trials(estimate, (), lanes)(keys))["x"]
    x = arrays["x"]
    projections = drawn @ x / (x @ x)
    losses = ((x - drawn) ** 2).sum(axis=1) / (x @ x)
    for values, mean in ((projections, 1 / d), (losses, 1 - 1 / d)):
        assert abs(values.mean() - mean) < z_bound(2) * values.std() / np.sqrt(lanes)


@pytest.mark.parametrize("dimension", [2, 10, 100])
@pytest.mark.parametrize(("num_directions", "damping"), [(1, 0.0), (2, 0.0), (2, 3.0)])
def test_on_the_rosenbrock_function_the_step_follows_its_definition(
    backend: Backend, dimension: int, num_directions: int, damping: float
) -> None:
    case = Case(Rosenbrock(dimension=dimension), 0)
    x = np.random.default_rng(3).standard_normal(dimension)
    step, directions, _ = step_along(
        backend, loss_of(backend, case), {"x": x}, num_directions, damping
    )
    expected = newton_step(rosen_der(x), rosen_hess(x), directions["x"], damping)
    np.testing.assert_allclose(step["x"], expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("hessian", [(-2.0, -3.0, -1.0), (-2.0, 3.0, -1.0)])
@pytest.mark.parametrize("num_directions", [1, 2])
def test_with_negative_curvature_the_step_leads_downhill(
    backend: Backend, hessian: tuple[float, ...], num_directions: int
) -> None:
    diagonal = np.array(hessian)
    for seed in range(2):
        x = np.random.default_rng(seed).standard_normal(3)

        def loss(params: Params) -> Array:
            h = backend.ops.constant(diagonal, params["x"])
            return backend.ops.sum(h * params["x"] * params["x"]) / 2

        step, directions, _ = step_along(backend, loss, {"x": x}, num_directions)
        assert (diagonal * x) @ step["x"] > 0
        expected = newton_step(diagonal * x, np.diag(diagonal), directions["x"], 0.0)
        np.testing.assert_allclose(step["x"], expected, rtol=1e-7)


@pytest.mark.parametrize("num_directions", [1, 2])
def test_without_curvature_the_damping_decides_the_step(
    backend: Backend, num_directions: int
) -> None:
    """A sum of rectifiers is linear between its kinks."""
    x = np.array([1.5, -2.0, 0.7])
    gradient = (x > 0).astype(float)

    def loss(params: Params) -> Array:
        return backend.ops.sum(backend.ops.relu(params["x"]))

    step, _, _ = step_along(backend, loss, {"x": x}, num_directions)
    np.testing.assert_array_equal(step["x"], 0.0)
    damped, directions, _ = step_along(backend, loss, {"x": x}, num_directions, damping=0.5)
    (v, *_) = directions["x"]
    expected = (gradient @ v) / (0.5 * v @ v) * v if num_directions == 1 else 0 * v
    np.testing.assert_allclose(damped["x"], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("problem", "num_directions"), [("logistic_regression", 3), ("cnn_same", 1)]
)
def test_both_frameworks_agree_on_a_cross_entropy(
    both: tuple[Backend, Backend], problem: str, num_directions: int
) -> None:
    """The loss of a CNN has second derivatives of max-pooling, convolutions and rectifiers."""
    case = CASES[problem]
    jax, torch = (
        step_along(backend, loss_of(backend, case), case.params(), num_directions)[0]
        for backend in both
    )
    for name, leaf in jax.items():
        np.testing.assert_allclose(torch[name], leaf, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("num_directions", [1, 2])
def test_outer_products_give_the_step_along_their_arrays_in_every_lane(
    backend: Backend, num_directions: int
) -> None:
    case, ops = CASES["mlp"], backend.ops
    estimator = HyperplaneSearch(direction=RankOne(), num_directions=num_directions)
    params = dict(sorted(placed(backend, case.params()).items()))
    loss = loss_of(backend, case)

    def steps_of(key):
        sampler = steps.direction_sampler(ops, estimator, key, params)
        by_factors = estimator.estimate(ops, loss, params, sampler)
        by_arrays = estimator.estimate(ops, loss, params, lambda j: tree.materialize(sampler(j)))
        return [tree.materialize(tree.scale(e.scale, e.vector)) for e in (by_factors, by_arrays)]

    by_factors, by_arrays = backend.engine.vmap_trials(steps_of, (), 2)(
        backend.engine.keys(np.arange(2))
    )
    for name, leaf in to_numpy(backend, by_factors).items():
        expected = backend.engine.to_numpy(by_arrays[name])
        np.testing.assert_allclose(leaf, expected, rtol=1e-7, atol=1e-10)
        assert np.abs(leaf[0] - leaf[1]).max() > 0
