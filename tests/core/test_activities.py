"""Derivatives along activities agree with reverse mode; other uses of parameters are refused."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.core import activities, activity_noise, blocks, tree
from dirgrad.core.directions import vector_sampler
from dirgrad.core.types import Array, Backend, Ops, Params
from support.activities import gradients_at_activities
from support.cases import BATCH, CASES, Case, compiled, loss_of, placed, placed_batch, to_numpy

NETWORKS = ("logistic_regression", "mlp", "cnn_same", "cnn_valid", "residual_cnn", "transformer")


class DenseOnRows:
    """A dense layer with a bias on every row of an image; the logits are the mean over the rows."""

    dataset = CASES["mlp"].problem.dataset
    criterion = CASES["mlp"].problem.criterion

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"weight": rng.standard_normal((8, 10)), "bias": rng.standard_normal(10)}

    def outputs(self, ops: Ops, params: Params, batch: Any) -> Array:
        return ops.tanh(batch[0] @ params["weight"] + params["bias"]).mean(1)


ALL_CASES = {name: CASES[name] for name in NETWORKS} | {"rows": Case(DenseOnRows(), terms=0)}


@pytest.mark.parametrize("name", ALL_CASES)
def test_gradients_at_the_activities_yield_the_gradient_of_backprop(
    backend: Backend, name: str
) -> None:
    case, arrays, ops = ALL_CASES[name], ALL_CASES[name].params(), backend.ops
    batch = placed_batch(backend, case.batch())

    @partial(compiled, backend)
    def both(params: Params) -> tuple[Params, Params]:
        layers, gradients = gradients_at_activities(backend, case, params, batch)
        total = activities.parameter_gradient(ops, layers, layers.inputs(), gradients, params)
        _, expected = ops.value_and_grad(loss_of(backend, case))(params)
        return tree.scale(1 / BATCH, total), expected

    actual, expected = (to_numpy(backend, x) for x in both(placed(backend, arrays)))
    assert actual.keys() == expected.keys()
    scale = max(np.abs(leaf).max() for leaf in expected.values())
    for leaf, values in expected.items():
        np.testing.assert_allclose(actual[leaf], values, atol=1e-12 * scale)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_slope_of_each_example_is_the_inner_product_of_gradient_and_noise(
    backend: Backend, name: str
) -> None:
    case, ops = CASES[name], backend.ops
    batch = placed_batch(backend, case.batch())
    (key,) = backend.engine.keys(np.array([4]))

    @partial(compiled, backend)
    def both(params: Params) -> tuple[Array, Array, Array, Params, Params]:
        layers, gradients = gradients_at_activities(backend, case, params, batch)
        noise = vector_sampler(ops, Gaussian(), key)(0, layers.products())
        chain = blocks.whole(case.problem, params, batch)
        (through,) = activity_noise.passes(ops, case.problem, chain, params, batch, noise)
        again = activity_noise.slopes_along(ops, through, noise)
        return through.losses, through.slopes, again, gradients, noise

    losses, *all_slopes, exact, noise = both(placed(backend, case.params()))
    exact, noise = to_numpy(backend, exact), to_numpy(backend, noise)
    expected = sum((exact[weight] * noise[weight]).reshape(BATCH, -1).sum(1) for weight in noise)
    for slopes in map(backend.engine.to_numpy, all_slopes):
        np.testing.assert_allclose(slopes, expected, atol=1e-12 * np.abs(expected).max())
    loss = float(loss_of(backend, case)(placed(backend, case.params())))
    assert float(ops.mean(losses)) == pytest.approx(loss, rel=1e-12)


class Uses:
    """A problem whose outputs use the parameters in an unusual way."""

    dataset = CASES["mlp"].problem.dataset
    criterion = CASES["mlp"].problem.criterion

    def __init__(self, outputs: Callable[[Params, Array], Array]) -> None:
        self._outputs = outputs

    def outputs(self, ops: Ops, params: Params, batch: Any) -> Array:
        return self._outputs(params, batch[0].reshape(BATCH, -1))


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (lambda p, x: x @ p["w"] + x @ p["w"] + p["b"], "'w' more than once"),
        (lambda p, x: x @ p["w"] * 2.0 + p["b"], "its parameter 'b' to something else"),
        (lambda p, x: x @ p["w"] + p["b"] + p["b"], "its parameter 'b' to something else"),
        (lambda p, x: (x @ p["w"]) * p["b"], "applies to a parameter an operation"),
        (lambda p, x: x @ (p["w"] * 2.0) + p["b"], "applies to a parameter an operation"),
    ],
)
def test_other_uses_of_a_parameter_are_refused(
    backend: Backend, outputs: Callable[[Params, Array], Array], message: str
) -> None:
    arrays = {"w": np.ones((64, 10)), "b": np.zeros(10)}
    params, batch = placed(backend, arrays), placed_batch(backend, CASES["mlp"].batch())
    problem: Any = Uses(outputs)
    with pytest.raises(NotImplementedError, match=message):
        activity_noise.layers(
            backend.ops, problem, blocks.whole(problem, params, batch), params, batch
        )


@pytest.mark.parametrize("name", ["rnn", "rosenbrock"])
def test_a_problem_without_layers_of_examples_is_refused(backend: Backend, name: str) -> None:
    case = CASES[name]
    params, batch = placed(backend, case.params()), placed_batch(backend, case.batch())
    with pytest.raises(NotImplementedError, match="maps each example to outputs in one pass"):
        activity_noise.layers(
            backend.ops, case.problem, blocks.whole(case.problem, params, batch), params, batch
        )
