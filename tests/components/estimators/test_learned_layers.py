"""The probabilities of the layers follow the slopes, and the estimate remains unbiased."""

from typing import Any

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components.directions.one_layer import OneLayer
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.learned_layers import LearnedLayers, Slopes
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import closed_forms, group_noise, steps, tree
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.types import Array, Backend, Params, Trial
from support.cases import CASES, inner, loss_of, placed, placed_batch, to_numpy
from support.confidence import z_bound

CASE = CASES["mlp"]
LAYERS = (("bias_0", "weight_0"), ("bias_1", "weight_1"), ("bias_2", "weight_2"))
DIMENSIONS = np.array([780.0, 156.0, 130.0])
RATE = 1e-12
"""Learning rate of steps that leave the gradient as it is."""


@pytest.fixture
def torch() -> Backend:
    return backends.load("torch", 1, "float64")


def sorted_params(backend: Backend) -> Params:
    return dict(sorted(placed(backend, CASE.params()).items()))


def gradient_of(backend: Backend) -> dict[str, np.ndarray]:
    loss, params = loss_of(backend, CASE), sorted_params(backend)
    return to_numpy(backend, Backprop().estimate(backend.ops, loss, params, lambda _: {}).vector)


def shares(gradient: dict[str, np.ndarray]) -> np.ndarray:
    squares = np.array([sum((gradient[name] ** 2).sum() for name in layer) for layer in LAYERS])
    return squares / squares.sum()


def probabilities(backend: Backend, estimator: LearnedLayers, state: Slopes) -> np.ndarray:
    drawn = estimator.probabilities(backend.ops, sorted_params(backend), state)
    return backend.engine.to_numpy(drawn)


def test_a_first_step_is_a_step_of_one_layer_by_size(backend: Backend) -> None:
    estimator, params = LearnedLayers(), sorted_params(backend)
    state = estimator.init_state(backend.ops, params)
    np.testing.assert_allclose(
        probabilities(backend, estimator, state), DIMENSIONS / DIMENSIONS.sum(), rtol=1e-12
    )
    law = ForwardGradient(direction=OneLayer(probabilities="size"))
    batch = placed_batch(backend, CASE.batch())
    (key,) = backend.engine.keys(np.array([3]))
    estimates = [
        steps.estimate(backend.ops, CASE.problem, e, key, params, batch) for e in (estimator, law)
    ]
    first, expected = (
        to_numpy(backend, tree.materialize(tree.scale(e.scale, e.vector))) for e in estimates
    )
    for name, leaf in first.items():
        np.testing.assert_allclose(leaf, expected[name], rtol=1e-9)


def test_the_state_averages_the_squared_slopes_on_the_chosen_layers(backend: Backend) -> None:
    estimator, ops = LearnedLayers(decay=0.75), backend.ops
    params, loss = sorted_params(backend), loss_of(backend, CASE)
    gradient, state = gradient_of(backend), estimator.init_state(backend.ops, params)
    squares = np.zeros(3)
    for key in backend.engine.keys(np.arange(3)):
        estimate, state = estimator.estimate_and_learn(ops, loss, params, state, key)
        v = to_numpy(backend, estimate.vector)
        slope = inner(gradient, v)
        assert float(estimate.scale) == pytest.approx(slope, rel=1e-9)
        moved = np.array([v[layer[0]].any() for layer in LAYERS], float)
        squares = 0.75 * squares + 0.25 * moved * slope**2
    np.testing.assert_allclose(backend.engine.to_numpy(state.squares), squares, rtol=1e-9)
    assert float(state.prior_weight) == pytest.approx(0.75**3)


def state_of(backend: Backend, squares: list[float]) -> Slopes:
    ops = backend.ops
    return Slopes(ops.asarray(np.array(squares)), ops.asarray(np.array(0.0)))


def test_the_probabilities_are_the_best_ones_above_their_floor(backend: Backend) -> None:
    estimator = LearnedLayers(floor=0.25)
    measured = probabilities(backend, estimator, state_of(backend, [4.0, 1.0, 0.0]))
    best = group_noise.best_probabilities(DIMENSIONS, np.array([0.8, 0.2, 0.0]))
    np.testing.assert_allclose(measured, 0.75 * best + 0.25 * DIMENSIONS / DIMENSIONS.sum())
    assert measured.sum() == pytest.approx(1.0)


def test_an_estimate_with_learned_probabilities_is_unbiased(torch: Backend) -> None:
    """Its noise is the closed form at these probabilities."""
    estimator, lanes = LearnedLayers(), 4000
    params, loss, gradient = sorted_params(torch), loss_of(torch, CASE), gradient_of(torch)
    state = state_of(torch, [1.0, 2.0, 40.0])

    def estimate(key: Any) -> dict[str, Array]:
        result, _ = estimator.estimate_and_learn(torch.ops, loss, params, state, key)
        return tree.materialize(tree.scale(result.scale, result.vector))

    keys = torch.engine.keys(np.arange(lanes))
    drawn = to_numpy(torch, torch.engine.vmap_trials(estimate, (), lanes)(keys))
    estimates = np.concatenate([drawn[name].reshape(lanes, -1) for name in gradient], axis=1)
    exact = np.concatenate([leaf.ravel() for leaf in gradient.values()])
    along = estimates @ exact / (exact @ exact)
    assert abs(along.mean() - 1) < z_bound(2) * along.std() / np.sqrt(lanes)
    errors = ((estimates - exact) ** 2).sum(axis=1) / (exact @ exact)
    p = probabilities(torch, estimator, state)
    expected = group_noise.relative_error(DIMENSIONS, shares(gradient), p)
    assert abs(errors.mean() - expected) < z_bound(2) * errors.std() / np.sqrt(lanes)


def test_training_learns_probabilities_with_less_noise(torch: Backend) -> None:
    estimator, ops = LearnedLayers(), torch.ops
    params = sorted_params(torch)
    step = steps.make_step(ops, CASE.problem, estimator, Sgd(), 0.0)
    state = steps.initial_state(ops, estimator, Sgd(), params)
    trial = Trial(torch.engine.keys(np.array([0]))[0], ops.asarray(np.array(RATE)))
    batch = placed_batch(torch, CASE.batch())
    program = torch.engine.compile(step, (state, trial, ops.arange(1)[0], batch))
    for index in ops.arange(500):
        state, _ = program.call(state, trial, index, batch)
    p = probabilities(torch, estimator, state.estimator_state)
    share = shares(gradient_of(torch))
    learned = group_noise.relative_error(DIMENSIONS, share, p)
    least = group_noise.relative_error(
        DIMENSIONS, share, group_noise.best_probabilities(DIMENSIONS, share)
    )
    by_size = DIMENSIONS.sum() - 1
    assert learned - least < 0.5 * (by_size - least)


def test_its_closed_forms_are_those_of_a_first_step() -> None:
    arrays = [GradientShare((3, 2), 0.5, "weight_0"), GradientShare((2, 2), 0.5, "weight_1")]
    assert closed_forms.signal_to_noise(LearnedLayers(), arrays) == pytest.approx(1 / 9, rel=1e-6)
    assert closed_forms.least_products(LearnedLayers(), 0.4) == pytest.approx(1.4)
