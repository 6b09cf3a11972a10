"""Online estimators of the gradient along a sequence are exact or unbiased."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from dirgrad.components.candidates.random import Random
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rademacher import Rademacher
from dirgrad.components.estimators.checkpointed_bptt import CheckpointedBptt
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.rtrl import Rtrl
from dirgrad.components.estimators.truncated_bptt import TruncatedBptt
from dirgrad.components.estimators.uoro import Uoro
from dirgrad.components.problems.rnn import Rnn
from dirgrad.core import steps, tree
from dirgrad.core.types import Backend, Params
from support.cases import CASES, Case, compiled, loss_of, placed, placed_batch
from support.sequence_tasks import (
    RANDOM,
    TASKS,
    assert_close,
    exact_gradient,
    scaled_to_numpy,
    total_estimate,
)

FALSE_ALARM = 1e-6
"""Probability that the test of an unbiased estimator fails by chance."""

EXACT = {
    "bptt": TruncatedBptt(window=8),
    "checkpointed": CheckpointedBptt(segment=2),
    "rtrl": Rtrl(),
    "rtrl_online": Rtrl(window=1),
}

UNBIASED = {
    "random": DirectionalDescent(candidate=RANDOM),
    "signs_k3": DirectionalDescent(
        candidate=Random(direction=Rademacher()), window=4, num_directions=3
    ),
    "uoro": Uoro(),
    "uoro_online": Uoro(window=2),
}


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_estimator_agrees_with_reverse_accumulation(backend: Backend, name: str) -> None:
    case = TASKS["copy_lstm"]
    assert_close(total_estimate(backend, case, EXACT[name]), exact_gradient(backend, case))


ONE_STEP = {
    "bptt": TruncatedBptt(window=1),
    "checkpointed": CheckpointedBptt(segment=1),
    "rtrl": Rtrl(),
    "uoro": Uoro(),
    "uoro_online": Uoro(window=1),
}


@pytest.mark.parametrize("name", ONE_STEP)
def test_on_a_sequence_of_one_step_without_a_state_an_estimator_gives_the_gradient(
    backend: Backend, name: str
) -> None:
    case = CASES["image_regression"]
    assert_close(total_estimate(backend, case, ONE_STEP[name]), exact_gradient(backend, case))


def held_direction(backend: Backend, params: Params, num_windows: int) -> Params:
    """Return the direction that directional descent holds for the whole sequence.

    Its key has the index after the last window.
    """
    (key,), ops = backend.engine.keys(np.array([0])), backend.ops

    def draw(params: Params) -> Params:
        direction_key = ops.fold_in(ops.fold_in(key, num_windows), 0)
        return Gaussian().draw(ops, direction_key, params)

    return compiled(backend, draw)(params)


def test_directional_descent_in_one_window_equals_the_forward_gradient(backend: Backend) -> None:
    case = TASKS["rows_tanh"]
    params = placed(backend, case.params())
    direction = held_direction(backend, params, num_windows=1)
    expected = ForwardGradient(direction=Gaussian()).estimate(
        backend.ops, loss_of(backend, case), params, lambda j: direction
    )
    assert_close(
        total_estimate(backend, case, DirectionalDescent(candidate=RANDOM)),
        scaled_to_numpy(backend, expected.scale, expected.vector),
    )


def test_estimates_along_a_held_direction_add_up_to_the_forward_gradient(
    backend: Backend,
) -> None:
    case = TASKS["rows_gru"]
    params = placed(backend, case.params())
    direction = held_direction(backend, params, num_windows=8)
    _, slope = backend.ops.jvp(loss_of(backend, case), (params,), (direction,))
    assert_close(
        total_estimate(backend, case, DirectionalDescent(candidate=RANDOM, window=1)),
        scaled_to_numpy(backend, slope, direction),
    )


@pytest.mark.parametrize("name", UNBIASED)
def test_the_estimate_is_unbiased(backend: Backend, name: str) -> None:
    case = Case(Rnn(dataset=Digits(), hidden=3), 150)
    batch = placed_batch(backend, case.batch())
    params, draws, lanes = placed(backend, case.params()), 4000, 250
    gradient = exact_gradient(backend, case)

    def estimate(key: Any) -> Params:
        total = steps.estimate(backend.ops, case.problem, UNBIASED[name], key, params, batch)
        return tree.scale(total.scale, total.vector)

    estimate_in_lanes = backend.engine.vmap_trials(estimate, (), lanes)
    blocks = []
    for first in range(0, draws, lanes):
        block = estimate_in_lanes(backend.engine.keys(np.arange(first, first + lanes)))
        flat = [backend.engine.to_numpy(block[leaf]).reshape(lanes, -1) for leaf in gradient]
        blocks.append(np.concatenate(flat, axis=1))
    estimates = np.concatenate(blocks)
    expected = np.concatenate([leaf.reshape(-1) for leaf in gradient.values()])
    z = stats.norm.ppf(1 - FALSE_ALARM / (2 * len(expected)))
    standard_error = estimates.std(axis=0) / np.sqrt(draws)
    assert (np.abs(estimates.mean(axis=0) - expected) <= z * standard_error + 1e-12).all()
    assert estimates.std(axis=0).max() > 0
