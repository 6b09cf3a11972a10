"""A loss along a structured direction equals the loss along the direction's arrays.

A loss that needs the array of a weight fails with one sentence.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dirgrad.core import perturbation, tree
from dirgrad.core.types import Array, Backend, Ops, Params
from support.cases import CASES, compiled, loss_of
from support.structured_directions import params_and_direction

LAWS = ("low_rank", "block_shared", "replayed_rademacher", "replayed_rank_one", "one_layer")
PROBLEMS = (
    "logistic_regression",
    "mlp",
    "cnn_same",
    "cnn_valid",
    "residual_cnn",
    "transformer",
    "rnn",
    "rnn_copy",
    "rnn_pixels",
    "rosenbrock",
)
STRUCTURED = ("mlp", "cnn_same", "transformer", "rnn_copy")
"""Problems with a weight of every kind, which run with every law."""
RANK_ONE_PAIRS = [(problem, "rank_one") for problem in PROBLEMS]
OTHER_PAIRS = [(problem, law) for law in LAWS for problem in STRUCTURED]
PAIRS = RANK_ONE_PAIRS + OTHER_PAIRS


@pytest.mark.parametrize(("problem", "law"), PAIRS)
def test_the_directional_derivative_equals_the_jvp_along_the_arrays(
    backend: Backend, problem: str, law: str
) -> None:
    params, v = params_and_direction(backend, problem, law)
    # The parameters of Rosenbrock's function are a vector, which has no factors.
    assert any(map(perturbation.is_structured, v.values())) == (problem != "rosenbrock")
    loss = loss_of(backend, CASES[problem])
    differentiate = compiled(
        backend, lambda params: perturbation.directional_derivative(backend.ops, loss, params, v)
    )
    value, slope = differentiate(params)
    expected_value, expected_slope = backend.ops.jvp(loss, (params,), (tree.materialize(v),))
    assert float(value) == pytest.approx(float(expected_value), rel=1e-12)
    assert float(slope) == pytest.approx(float(expected_slope), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("problem", "law"), PAIRS)
def test_the_loss_at_perturbed_weights_equals_the_loss_at_the_moved_arrays(
    backend: Backend, problem: str, law: str
) -> None:
    params, v = params_and_direction(backend, problem, law)
    loss = loss_of(backend, CASES[problem])
    expected = loss(tree.axpy(backend.ops, 0.3, tree.materialize(v), params))
    perturbed_loss = compiled(
        backend, lambda params: loss(perturbation.perturb(backend.ops, params, v, 0.3))
    )
    assert float(perturbed_loss(params)) == pytest.approx(float(expected), rel=1e-10)


WEIGHT = np.arange(6.0).reshape(3, 2)
LEFT, RIGHT = np.array([1.0, -1.0, 2.0]), np.array([0.5, 3.0])
X = np.arange(12.0).reshape(4, 3) / 10


def weight_and_direction(backend: Backend) -> tuple[Params, Params]:
    left, right = backend.ops.asarray(LEFT), backend.ops.asarray(RIGHT)
    return {"w": backend.ops.asarray(WEIGHT)}, {"w": tree.OuterProduct(left, right)}


def test_an_array_of_a_framework_is_multiplied_by_a_weight_with_the_operator(
    backend: Backend,
) -> None:
    params, v = weight_and_direction(backend)
    x = backend.ops.asarray(X)

    def product(params: Params) -> Array:
        return x @ perturbation.perturb(backend.ops, params, v, 0.5)["w"]

    expected = X @ (WEIGHT + 0.5 * np.outer(LEFT, RIGHT))
    # JAX's tracers and the tensors of torch.func have operators of their own.
    for f in (product, compiled(backend, product)):
        np.testing.assert_allclose(backend.engine.to_numpy(f(params)), expected, rtol=1e-14)
    _, tangent = backend.ops.jvp(product, (params,), ({"w": params["w"] + 1},))
    np.testing.assert_allclose(backend.engine.to_numpy(tangent), X @ (WEIGHT + 1), rtol=1e-14)
    rows = backend.ops.vmap(
        lambda row: row @ perturbation.perturb(backend.ops, params, v, 0.5)["w"]
    )
    np.testing.assert_allclose(backend.engine.to_numpy(rows(x)), expected, rtol=1e-14)


def test_an_array_of_numpy_is_multiplied_by_a_weight_with_the_operator() -> None:
    def apply(linear: perturbation.LinearMap, x: Array, base: Array, v: Array) -> Array:
        return linear.apply(x, base + v)

    weight = perturbation.PerturbedWeight(WEIGHT, 2 * WEIGHT, apply)
    assert (weight.shape, weight.ndim) == (WEIGHT.shape, WEIGHT.ndim)
    np.testing.assert_array_equal(X @ weight, X @ (3 * WEIGHT))


UNSUPPORTED: dict[str, Callable[[Ops, Array, Any], Any]] = {
    "`+`": lambda ops, x, w: w + 1,
    "`-`": lambda ops, x, w: x[:, :2] - w,
    "`*`": lambda ops, x, w: x[0, 0] * w,
    "`**`": lambda ops, x, w: w**2,
    "`@`": lambda ops, x, w: w @ x,
    "`==`": lambda ops, x, w: w == 0,
    "`>`": lambda ops, x, w: w > 0,
    "`T`": lambda ops, x, w: w.T,
    "`sum`": lambda ops, x, w: w.sum(),
    "`tanh`": lambda ops, x, w: ops.tanh(w),
    "`zeros_like`": lambda ops, x, w: ops.zeros_like(w),
    "('PerturbedWeight' object is not subscriptable)": lambda ops, x, w: w[0],
}


@pytest.mark.parametrize("operation", UNSUPPORTED)
def test_another_operation_on_a_weight_is_refused_with_the_name_of_the_operation(
    backend: Backend, operation: str
) -> None:
    ops = backend.ops
    params, v = weight_and_direction(backend)
    params["other"] = params["w"]
    v["other"] = v["w"]
    x = ops.asarray(X)

    def loss(params: Params) -> Array:
        return ops.sum(x @ params["other"]) + ops.sum(UNSUPPORTED[operation](ops, x, params["w"]))

    derivative = compiled(
        backend, lambda params: perturbation.directional_derivative(ops, loss, params, v)
    )
    moved = compiled(
        backend, lambda params: perturbation.loss_after_step(ops, loss, params, v, 0.1)
    )
    for f in (derivative, moved):
        with pytest.raises(NotImplementedError) as error:
            f(params)
        sentence = str(error.value)
        assert f"{operation} to its parameter 'w' of shape (3, 2)" in sentence
        assert "`x @ w`" in sentence
        assert "`gaussian`" in sentence
        assert "0x" not in sentence
        assert len(sentence.splitlines()) == 1


def test_an_error_that_does_not_concern_a_weight_stays_what_it_is(backend: Backend) -> None:
    params, v = weight_and_direction(backend)

    def loss(params: Params) -> Array:
        raise ValueError("a mistake in the problem")

    with pytest.raises(ValueError, match="a mistake in the problem"):
        perturbation.directional_derivative(backend.ops, loss, params, v)
