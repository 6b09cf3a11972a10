"""An estimator returns slopes times directions, at the cost that it states."""

import numpy as np
import pytest
import torch

from dirgrad import backends
from dirgrad.core.types import Backend
from support.cases import CASES, compiled, estimators, inner, loss_of, placed, random_like, to_numpy
from support.estimates import materialize, sampler_with_first_key

NAMES = tuple(estimators(eps=1e-3))


def tolerance_of_the_estimate(name: str) -> float:
    """Return the tolerance for an entry of the estimate, relative to the norm of the estimate."""
    if "forward_difference" in name:
        return 1e-2
    return 1e-5 if "difference" in name else 1e-10


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("problem", ["rosenbrock", "mlp", "rnn"])
def test_the_estimate_is_the_mean_of_slope_times_direction_or_for_backprop_the_gradient(
    backend: Backend, name: str, problem: str
) -> None:
    estimator = estimators(eps=1e-5)[name]
    case = CASES[problem]
    arrays = case.params()
    params = placed(backend, arrays)
    loss = loss_of(backend, case)
    num_directions = max(estimator.num_directions, 1)
    directions = [random_like(arrays, seed) for seed in range(num_directions)]
    stacks = {
        key: backend.ops.asarray(np.stack([direction[key] for direction in directions]))
        for key in arrays
    }

    def sampler(j):
        return {key: stack[j] for key, stack in stacks.items()}

    def estimate_and_gradient(params):
        estimate = estimator.estimate(backend.ops, loss, params, sampler)
        return estimate.loss, materialize(estimate), *backend.ops.value_and_grad(loss)(params)

    results = compiled(backend, estimate_and_gradient)(params)
    estimated_loss, vector_leaves, value, gradient_leaves = results
    vector, gradient = to_numpy(backend, vector_leaves), to_numpy(backend, gradient_leaves)
    if name == "backprop":
        expected = gradient
    else:
        slopes = [inner(gradient, direction) for direction in directions]
        pairs = list(zip(slopes, directions, strict=True))
        expected = {
            key: sum(slope * direction[key] for slope, direction in pairs) / num_directions
            for key in arrays
        }
    tolerance = tolerance_of_the_estimate(name) * np.sqrt(inner(expected, expected))
    for key in arrays:
        np.testing.assert_allclose(vector[key], expected[key], atol=tolerance)
    tolerance_of_the_loss = 1e-4 if "difference" in name else 1e-12
    assert float(estimated_loss) == pytest.approx(float(value), rel=tolerance_of_the_loss)


@pytest.mark.parametrize("name", NAMES)
def test_an_estimate_takes_the_number_of_evaluations_that_the_estimator_states(
    backend: Backend, name: str
) -> None:
    estimator = estimators(eps=1e-3)[name]
    params = placed(backend, CASES["rosenbrock"].params())
    loss = loss_of(backend, CASES["rosenbrock"])
    calls = 0

    def counting_loss(params):
        nonlocal calls
        calls += 1
        return loss(params)

    # A compiled loop over several directions calls the loss only once, to trace its body. The
    # number of evaluations is then three times the number for a single direction.
    if estimator.num_directions <= 1:
        sampler = sampler_with_first_key(backend, estimator, params)
        estimator.estimate(backend.ops, counting_loss, params, sampler)
        assert calls == estimator.evaluations
    else:
        single = estimators(eps=1e-3)[name.removesuffix("_k3")]
        assert estimator.evaluations == 3 * single.evaluations


@pytest.mark.parametrize(
    "name", ["forward_gradient", "forward_gradient_k3", "forward_difference", "central_difference"]
)
def test_an_estimate_without_backprop_saves_no_torch_tensors_for_a_backward_pass(
    name: str,
) -> None:
    backend = backends.load("torch", 1, "float64")
    case = CASES["mlp"]
    estimator = estimators(eps=1e-3)[name]
    saved_bytes = 0

    def count_bytes(tensor):
        nonlocal saved_bytes
        saved_bytes += tensor.numel() * tensor.element_size()
        return tensor

    def return_tensor(tensor):
        return tensor

    params = placed(backend, case.params())
    loss = loss_of(backend, case)
    sampler = sampler_with_first_key(backend, estimator, params)
    saved_tensors_hooks = torch.autograd.graph.saved_tensors_hooks
    with torch.no_grad(), saved_tensors_hooks(count_bytes, return_tensor):
        estimator.estimate(backend.ops, loss, params, sampler)
    assert saved_bytes == 0

    # The hook does count the tensors that backprop saves.
    params_with_gradient = {key: leaf.detach().requires_grad_() for key, leaf in params.items()}
    with saved_tensors_hooks(count_bytes, return_tensor):
        loss(params_with_gradient)
    assert saved_bytes > 0
