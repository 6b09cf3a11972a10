"""Structured directions give the same estimates and updates as their arrays."""

from typing import Any

import numpy as np
import pytest

from dirgrad.components import registry
from dirgrad.components.directions.one_layer import OneLayer
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.projected_forward_gradient import ProjectedForwardGradient
from dirgrad.core import steps, tree
from dirgrad.core.types import Backend, Estimate, Estimator, Params
from support.cases import CASES, DIRECTIONS, compiled, loss_of, placed, to_numpy
from support.structured_directions import first_key, params_and_direction


def sorted_params(backend: Backend) -> Params:
    """Return the parameters of the MLP in alphabetical order.

    JAX sorts them when it compiles, and a direction is drawn leaf by leaf in their order.
    """
    return dict(sorted(placed(backend, CASES["mlp"].params()).items()))


def estimate_arrays(estimate: Estimate) -> Params:
    """Return the estimate, scale times vector, with every leaf as an array."""
    return tree.materialize(tree.scale(estimate.scale, estimate.vector))


def flatten(backend: Backend, vector: Params, like: Params) -> np.ndarray:
    """Return a vector as one array (d,), with its leaves in the order of `like`."""
    arrays = to_numpy(backend, vector)
    return np.concatenate([arrays[name].ravel() for name in like])


@pytest.mark.parametrize(
    "estimator",
    [
        ForwardGradient(direction=RankOne()),
        ForwardGradient(direction=OneLayer()),
        FiniteDifference(direction=RankOne(), scheme="central", eps=1e-5),
    ],
)
def test_estimates_in_lanes_equal_separate_estimates(
    backend: Backend, estimator: Estimator
) -> None:
    params = sorted_params(backend)
    loss, ops = loss_of(backend, CASES["mlp"]), backend.ops

    def estimate(key: Any, scale: Any, params: Params) -> Params:
        scaled = tree.scale(scale, params)
        sampler = steps.direction_sampler(ops, estimator, key, scaled)
        return estimate_arrays(estimator.estimate(ops, loss, scaled, sampler))

    keys, scales = backend.engine.keys(np.arange(3)), ops.asarray(np.array([1.0, 0.5, 2.0]))
    estimate_in_lanes = backend.engine.vmap_trials(estimate, (2,), 3)
    by_lane = to_numpy(backend, estimate_in_lanes(keys, scales, params))
    for lane in range(3):
        separate = to_numpy(backend, estimate(keys[lane], scales[lane], params))
        for name, leaf in separate.items():
            np.testing.assert_allclose(by_lane[name][lane], leaf, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("law", ["rank_one", "low_rank", "replayed_rademacher"])
@pytest.mark.parametrize(
    "rule", ["sgd", "momentum", "adam", "rmsprop", {"kind": "hard_thresholding", "keep": 50}]
)
def test_an_update_along_factors_equals_the_update_along_arrays(
    backend: Backend, rule: str | dict[str, Any], law: str
) -> None:
    initial, v = params_and_direction(backend, "mlp", law)
    ops, optimizer = backend.ops, registry.parse("optimizers", rule)
    slope, rate = (ops.asarray(np.array(number)) for number in (-1.7, 0.1))

    def update_twice(vector: Params) -> dict[str, np.ndarray]:
        params, state = initial, optimizer.init(ops, initial)
        estimate = Estimate(slope, slope, vector)
        for _ in range(2):
            params, state = optimizer.update(ops, params, estimate, state, rate)
        return to_numpy(backend, params)

    by_factors, by_arrays = update_twice(v), update_twice(tree.materialize(v))
    for name, leaf in by_factors.items():
        np.testing.assert_allclose(leaf, by_arrays[name], rtol=1e-12)
        assert not np.array_equal(leaf, backend.engine.to_numpy(initial[name]))


@pytest.mark.parametrize(
    "law",
    ["rank_one", "low_rank", "rademacher", "replayed_rademacher", "replayed_rank_one", "one_layer"],
)
@pytest.mark.parametrize("scale", ["projection", "unbiased"])
def test_the_vector_of_the_projected_forward_gradient_is_the_orthogonal_projection(
    backend: Backend, law: str, scale: str
) -> None:
    params = sorted_params(backend)
    loss, ops = loss_of(backend, CASES["mlp"]), backend.ops
    estimator = ProjectedForwardGradient(direction=DIRECTIONS[law], num_directions=4, scale=scale)
    sampler = steps.direction_sampler(ops, estimator, first_key(backend), params)
    vector = compiled(
        backend, lambda params: estimator.estimate(ops, loss, params, sampler).vector
    )(params)
    directions = [flatten(backend, sampler(j), params) for j in range(4)]
    span = np.stack(directions, axis=1)
    gradient = Backprop().estimate(ops, loss, params, sampler).vector
    coefficients = np.linalg.lstsq(span, flatten(backend, gradient, params))[0]
    projection = span @ coefficients
    np.testing.assert_allclose(flatten(backend, vector, params), projection, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("law", ["rank_one", "low_rank", "replayed_rademacher", "one_layer"])
def test_the_estimate_along_k_directions_is_the_mean_of_k_estimates(
    backend: Backend, law: str
) -> None:
    params, ops = placed(backend, CASES["mlp"].params()), backend.ops
    loss = loss_of(backend, CASES["mlp"])
    single, triple = (ForwardGradient(direction=DIRECTIONS[law], num_directions=k) for k in (1, 3))
    sampler = steps.direction_sampler(ops, triple, first_key(backend), params)
    indices = ops.arange(3)
    estimates = []
    for j in range(3):
        estimate = single.estimate(ops, loss, params, lambda _, j=j: sampler(indices[j]))
        estimates.append(to_numpy(backend, estimate_arrays(estimate)))
    joint = to_numpy(backend, estimate_arrays(triple.estimate(ops, loss, params, sampler)))
    for name, leaf in joint.items():
        mean = sum(estimate[name] for estimate in estimates) / 3
        np.testing.assert_allclose(leaf, mean, rtol=1e-9, atol=1e-12)
