"""Backprop with checkpoints returns the gradient of backprop."""

from dataclasses import replace

import numpy as np
import pytest

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.checkpointed_backprop import CheckpointedBackprop
from dirgrad.core.types import Backend, Estimator
from support.cases import CASES, Case, loss_of, placed

LANES = 2


def gradients_in_lanes(backend: Backend, estimator: Estimator, case: Case) -> dict[str, np.ndarray]:
    """Return the gradients at the initial parameters (lane 0) and at half of them (lane 1)."""
    loss = loss_of(backend, case)

    def gradient(factor, params):
        scaled = {name: factor * leaf for name, leaf in params.items()}
        return estimator.estimate(backend.ops, loss, scaled, None).vector

    gradient_in_lanes = backend.engine.vmap_trials(gradient, (1,), LANES)
    factors = backend.ops.asarray(np.array([1.0, 0.5]))
    gradients = gradient_in_lanes(factors, placed(backend, case.params()))
    return {name: backend.engine.to_numpy(leaf) for name, leaf in gradients.items()}


# Of the three hidden layers, a segment has one, at most two, or all.
@pytest.mark.parametrize("segment", [1, 2, 5])
def test_checkpoints_do_not_change_the_gradient(backend: Backend, segment: int) -> None:
    three_layers = replace(CASES["mlp"].problem, hidden=(5,), repeat=3)
    assert_equal_gradients(backend, Case(three_layers, terms=6), segment)


@pytest.mark.parametrize("problem", ["residual_cnn", "transformer"])
def test_a_block_of_several_layers_is_recomputed_as_a_whole(backend: Backend, problem: str) -> None:
    assert_equal_gradients(backend, CASES[problem], segment=1)


def assert_equal_gradients(backend: Backend, case: Case, segment: int) -> None:
    expected = gradients_in_lanes(backend, Backprop(), case)
    gradients = gradients_in_lanes(backend, CheckpointedBackprop(segment=segment), case)
    for name, leaf in expected.items():
        assert np.abs(leaf).max() > 0
        np.testing.assert_allclose(gradients[name], leaf, rtol=1e-10, atol=1e-14)
