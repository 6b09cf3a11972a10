"""A population difference is normalized by the standard deviation of its losses."""

import numpy as np
import pytest
from scipy.special import gamma

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.population_difference import PopulationDifference
from dirgrad.core import steps, tree
from dirgrad.core.types import Array, Backend, Params
from support.cases import CASES, compiled, loss_of, placed, to_numpy
from support.confidence import z_bound
from support.estimates import materialize, sampler_with_first_key


def quartic(params: Params) -> Array:
    x = params["x"]
    return (x * x * x * x).sum() + x.sum()


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_the_estimate_follows_its_definition_at_a_large_step(backend: Backend, scheme: str) -> None:
    eps, x = 0.5, np.array([1.0, -0.5, 2.0])
    directions = np.random.default_rng(0).standard_normal((5, 3))
    stacked = backend.ops.asarray(directions)
    estimator = PopulationDifference(Gaussian(), scheme=scheme, eps=eps, num_directions=5)
    estimate = estimator.estimate(
        backend.ops, quartic, placed(backend, {"x": x}), lambda j: {"x": stacked[j]}
    )
    value = quartic({"x": x})
    above, below = (
        np.array([quartic({"x": x + step * v}) for v in directions]) for step in (eps, -eps)
    )
    if scheme == "forward":
        expected = (above - value) / above.std() @ directions / 5
    else:
        losses = np.concatenate([above, below])
        scores = (losses - losses.mean()) / losses.std()
        expected = scores @ np.concatenate([directions, -directions]) / 10
        value = losses.mean()
    actual = backend.engine.to_numpy(materialize(estimate)["x"])
    np.testing.assert_allclose(actual, expected, rtol=1e-12)
    assert float(estimate.loss) == pytest.approx(value, rel=1e-12)


def mean_length(scheme: str, n: int) -> float:
    """Return the stated length of the mean estimate along Gaussian directions."""
    if scheme == "forward":
        return (n - 1) / np.sqrt(2 * n) * gamma(n / 2 - 1) / gamma((n - 1) / 2)
    return np.sqrt(2 / n) * gamma((n + 1) / 2) / gamma(n / 2)


@pytest.mark.parametrize(
    ("scheme", "num_directions"), [("forward", 6), ("forward", 16), ("central", 1), ("central", 6)]
)
def test_on_a_linear_loss_the_mean_is_the_stated_multiple_of_the_unit_gradient(
    backend: Backend, scheme: str, num_directions: int
) -> None:
    lanes, gradient = 10_000, np.array([3.0, -1.0, 0.5, 2.0])
    params = placed(backend, {"x": np.zeros(4)})
    weights = backend.ops.asarray(gradient)
    estimator = PopulationDifference(
        Gaussian(), scheme=scheme, eps=1e-3, num_directions=num_directions
    )

    def loss(params: Params) -> Array:
        return backend.ops.sum(weights * params["x"])

    def estimate(key):
        sampler = steps.direction_sampler(backend.ops, estimator, key, params)
        return materialize(estimator.estimate(backend.ops, loss, params, sampler))["x"]

    keys = backend.engine.keys(np.arange(lanes))
    drawn = backend.engine.to_numpy(backend.engine.vmap_trials(estimate, (), lanes)(keys))
    expected = mean_length(scheme, num_directions) * gradient / np.linalg.norm(gradient)
    standard_error = drawn.std(axis=0) / np.sqrt(lanes)
    assert (np.abs(drawn.mean(axis=0) - expected) < z_bound(4) * standard_error).all()
    length = drawn @ gradient / np.linalg.norm(gradient)
    error_of_length = length.std() / np.sqrt(lanes)
    assert abs(length.mean() - np.linalg.norm(expected)) < z_bound(1) * error_of_length
    assert z_bound(1) * error_of_length < 0.04


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_equal_losses_give_the_estimate_zero(backend: Backend, scheme: str) -> None:
    params = placed(backend, CASES["rosenbrock"].params())
    estimator = PopulationDifference(Gaussian(), scheme=scheme, eps=0.1)
    sampler = sampler_with_first_key(backend, estimator, params)
    estimate = estimator.estimate(
        backend.ops, lambda params: backend.ops.sum(0 * params["x"]), params, sampler
    )
    np.testing.assert_array_equal(to_numpy(backend, materialize(estimate))["x"], 0.0)


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_outer_products_give_the_estimate_along_their_arrays(backend: Backend, scheme: str) -> None:
    case, ops = CASES["mlp"], backend.ops
    params = dict(sorted(placed(backend, case.params()).items()))
    estimator = PopulationDifference(RankOne(), scheme=scheme, eps=0.1, num_directions=4)
    sampler = sampler_with_first_key(backend, estimator, params)

    def both_estimates(params: Params) -> list[Params]:
        samplers = (sampler, lambda j: tree.materialize(sampler(j)))
        return [
            materialize(estimator.estimate(ops, loss_of(backend, case), params, draw))
            for draw in samplers
        ]

    by_factors, by_arrays = (
        to_numpy(backend, vector) for vector in compiled(backend, both_estimates)(params)
    )
    for name, leaf in by_factors.items():
        np.testing.assert_allclose(leaf, by_arrays[name], rtol=1e-9, atol=1e-12)


def test_two_directions_are_too_few_for_the_forward_scheme() -> None:
    with pytest.raises(ValueError, match="num_directions = 2 is too few for the scheme forward"):
        PopulationDifference(Gaussian(), scheme="forward", eps=0.1, num_directions=2)
