"""Local losses: gradients against NumPy, their estimates by noise, and guesses made of them."""

from functools import partial
from math import prod
from typing import Any

import numpy as np
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.activity_perturbation import ActivityPerturbation
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.local_activity_perturbation import LocalActivityPerturbation
from dirgrad.components.estimators.local_backprop import LocalBackprop
from dirgrad.components.estimators.local_guess import LocalGuess
from dirgrad.core import steps, tree
from dirgrad.core.blocks import Block, select
from dirgrad.core.types import Backend, Estimator, Ops, Params, VectorSampler
from support.cases import (
    BATCH,
    CASES,
    compiled,
    inner,
    loss_of,
    placed,
    placed_batch,
    to_numpy,
)

CASE = CASES["mlp_with_heads"]
FIRST = ("weight_0", "bias_0")
HEAD = ("weight_head_0", "bias_head_0")
LAST = ("weight_1", "bias_1", "weight_2", "bias_2")


def estimate(backend: Backend, estimator: Estimator) -> dict[str, np.ndarray]:
    """Return one estimate as arrays."""
    batch = placed_batch(backend, CASE.batch())
    (key,) = backend.engine.keys(np.array([3]))

    @partial(compiled, backend)
    def run(params: Params) -> Params:
        result = steps.estimate(backend.ops, CASE.problem, estimator, key, params, batch)
        return tree.materialize(tree.scale(result.scale, result.vector))

    return to_numpy(backend, run(placed(backend, CASE.params())))


def layer_gradient(
    x: np.ndarray, weight: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of a layer at its weight, its bias and its input."""
    return x.T @ error, error.sum(0), error @ weight.T


def gradients_in_numpy() -> dict[str, np.ndarray]:
    """Return the gradients of the local losses, by the rules for one hidden layer and a head."""
    params, (examples, labels) = CASE.params(), CASE.batch()
    x = examples.reshape(BATCH, -1)
    result = {}
    for layer, head in (("0", "head_0"), ("1", "2")):
        z = x @ params[f"weight_{layer}"] + params[f"bias_{layer}"]
        features = np.maximum(z, 0)
        weight = params[f"weight_{head}"]
        exponentials = np.exp(features @ weight + params[f"bias_{head}"])
        probabilities = exponentials / exponentials.sum(1, keepdims=True)
        error = (probabilities - np.eye(10)[labels]) / BATCH
        *of_head, at_features = layer_gradient(features, weight, error)
        *of_layer, _ = layer_gradient(x, params[f"weight_{layer}"], at_features * (z > 0))
        result |= {f"weight_{head}": of_head[0], f"bias_{head}": of_head[1]}
        result |= {f"weight_{layer}": of_layer[0], f"bias_{layer}": of_layer[1]}
        x = features
    return result


def test_the_gradient_of_local_losses_agrees_with_numpy(backend: Backend) -> None:
    actual, expected = estimate(backend, LocalBackprop()), gradients_in_numpy()
    assert actual.keys() == expected.keys() == CASE.params().keys()
    for name, leaf in expected.items():
        np.testing.assert_allclose(actual[name], leaf, atol=1e-14)


def test_the_last_block_follows_the_loss_of_the_network(backend: Backend) -> None:
    local, network = estimate(backend, LocalBackprop()), estimate(backend, Backprop())
    for name in LAST:
        np.testing.assert_allclose(local[name], network[name], atol=1e-14)
    for name in HEAD:
        assert not network[name].any()
    assert not np.allclose(local["weight_0"], network["weight_0"])


def unit_vectors(ops: Ops, blocks: tuple[Block, ...], count: int) -> VectorSampler:
    """Return the sampler whose j-th vector has one 1 in the activities of every block."""

    def draw(j: Any, like: Params) -> Params:
        drawn = {}
        for block in blocks:
            weights = [name for name in (*block.names, *block.head_names) if name in like]
            hot, start = ops.one_hot(ops.arange(count)[j], count, like[weights[0]]), 0
            for name in weights:
                shape = like[name].shape[1:]
                entries = hot[start : start + prod(shape)].reshape(shape)
                drawn[name] = ops.zeros_like(like[name]) + entries
                start += prod(shape)
        return drawn

    return draw


@pytest.mark.parametrize(("name", "count"), [("mlp_with_heads", 12 + 10), ("cnn_with_heads", 202)])
def test_noise_along_every_activity_yields_the_gradient_of_each_local_loss(
    backend: Backend, name: str, count: int
) -> None:
    """The squares of unit vectors add up to the identity, so K estimates add up to the gradient."""
    case, ops = CASES[name], backend.ops
    batch = placed_batch(backend, case.batch())
    draw = unit_vectors(ops, case.problem.blocks(), count)
    by_noise = LocalActivityPerturbation(direction=Gaussian(), num_directions=count)

    @partial(compiled, backend)
    def both(params: Params) -> tuple[Params, Params]:
        given = (ops, case.problem, params, batch, draw)
        noisy, exact = (e.estimate_minibatch(*given) for e in (by_noise, LocalBackprop()))
        return tree.scale(count * noisy.scale, noisy.vector), exact.vector

    actual, expected = (to_numpy(backend, x) for x in both(placed(backend, case.params())))
    for leaf, values in expected.items():
        np.testing.assert_allclose(actual[leaf], values, atol=1e-12)


def test_a_guess_is_the_projection_of_the_gradient_on_the_gradient_of_a_local_loss(
    backend: Backend,
) -> None:
    guess, local = estimate(backend, LocalGuess()), gradients_in_numpy()
    gradient = estimate(backend, Backprop())
    block = {name: local[name] for name in FIRST}
    factor = inner(block, gradient) / inner(block, block)
    expected = {name: factor * local[name] for name in FIRST}
    expected |= {name: local[name] for name in (*HEAD, *LAST)}
    for name, leaf in expected.items():
        np.testing.assert_allclose(guess[name], leaf, atol=1e-13)


def test_heads_that_take_no_part_in_the_loss_have_no_gradient(backend: Backend) -> None:
    drawn = estimate(backend, ActivityPerturbation(direction=Gaussian()))
    for name in HEAD:
        assert not drawn[name].any()
    assert all(drawn[name].any() for name in (*FIRST, *LAST))


@pytest.mark.parametrize(
    "estimator", [LocalBackprop(), LocalGuess(), LocalActivityPerturbation(direction=Gaussian())]
)
def test_a_problem_without_heads_is_refused(backend: Backend, estimator: Estimator) -> None:
    case = CASES["mlp"]
    params, batch = placed(backend, case.params()), placed_batch(backend, case.batch())
    (key,) = backend.engine.keys(np.array([3]))
    with pytest.raises(NotImplementedError, match="Mlp has none: use a problem with heads"):
        steps.estimate(backend.ops, case.problem, estimator, key, params, batch)


@pytest.mark.parametrize(("name", "heads"), [("mlp", 1), ("cnn", 4)])
def test_the_network_starts_and_computes_like_one_without_heads(
    backend: Backend, name: str, heads: int
) -> None:
    case, plain = CASES[f"{name}_with_heads"], CASES["cnn_same" if name == "cnn" else name]
    params, expected = case.params(), plain.params()
    assert sorted(params.keys() - expected.keys()) == sorted(
        f"{kind}_head_{i}" for kind in ("bias", "weight") for i in range(heads)
    )
    for leaf, values in expected.items():
        np.testing.assert_array_equal(params[leaf], values)
    losses = [float(loss_of(backend, c)(placed(backend, c.params()))) for c in (case, plain)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("name", ["mlp_with_heads", "cnn_with_heads"])
def test_blocks_have_all_parameters_once_and_end_with_the_outputs(
    backend: Backend, name: str
) -> None:
    case, ops = CASES[name], backend.ops
    params, batch = placed(backend, case.params()), placed_batch(backend, case.batch())
    chain = case.problem.blocks()
    names = [leaf for block in chain for leaf in (*block.names, *block.head_names)]
    assert sorted(names) == sorted(params)
    x = batch[0]
    for block in chain:
        x = block.features(ops, select(params, block.names), x)
    outputs = block.head(ops, select(params, block.head_names), x)
    expected = case.problem.outputs(ops, params, batch)
    np.testing.assert_array_equal(*map(backend.engine.to_numpy, (outputs, expected)))
