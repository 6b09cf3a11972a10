"""Descent along a candidate itself equals the method that the candidate is taken from."""

import numpy as np
import pytest
from pydantic import ValidationError

from dirgrad import backends
from dirgrad.components import registry
from dirgrad.components.candidates.diagonal_rtrl import DiagonalRtrl
from dirgrad.components.candidates.mixture import Mixture
from dirgrad.components.candidates.running_average import RunningAverage
from dirgrad.components.candidates.truncated_gradient import TruncatedGradient
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.candidate_descent import CandidateDescent
from dirgrad.components.estimators.truncated_bptt import TruncatedBptt
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps
from dirgrad.core.recurrent import Candidate, OnlineEstimator
from dirgrad.core.types import Backend, Trial
from support.cases import CASES, Case, compiled, inner, placed, placed_batch, to_numpy
from support.sequence_tasks import (
    RANDOM,
    TASKS,
    assert_close,
    exact_gradient,
    self_connected,
    total_estimate,
)

TRUNCATED = TruncatedGradient(truncation=3)
BALANCING = CASES["influence_balancing"]
"""A problem of 12 steps, each with a loss, so that every window changes the parameters."""
RATE = 1e-3


def change_in_a_step(
    backend: Backend, case: Case, estimator: OnlineEstimator
) -> dict[str, np.ndarray]:
    """Return the change of the parameters after one sequence, with an update per window."""
    ops = backend.ops
    step = steps.make_step(ops, case.problem, estimator, Sgd(), 0.0)
    (key,) = backend.engine.keys(np.array([0]))
    trial = Trial(key, ops.asarray(np.array(RATE)))
    before = steps.initial_state(ops, estimator, Sgd(), placed(backend, case.params()))
    take_step = compiled(backend, lambda state, batch: step(state, trial, ops.arange(1)[0], batch))
    after, _ = take_step(before, placed_batch(backend, case.batch()))
    initial = case.params()
    return {key: leaf - initial[key] for key, leaf in to_numpy(backend, after.params).items()}


def test_in_windows_of_its_truncation_the_truncated_gradient_is_truncated_bptt(
    backend: Backend,
) -> None:
    estimator = CandidateDescent(candidate=TRUNCATED, window=3)
    windowed = change_in_a_step(backend, BALANCING, estimator)
    assert_close(windowed, change_in_a_step(backend, BALANCING, TruncatedBptt(window=3)))


def test_without_a_window_it_updates_once_along_the_sum_of_the_truncated_gradients(
    backend: Backend,
) -> None:
    once = change_in_a_step(backend, BALANCING, CandidateDescent(candidate=TRUNCATED))
    summed = total_estimate(backend, BALANCING, TruncatedBptt(window=3))
    assert_close(once, {key: -RATE * leaf for key, leaf in summed.items()})
    # Truncated BPTT updates four times, so its later gradients are at other parameters.
    in_windows = change_in_a_step(backend, BALANCING, TruncatedBptt(window=3))
    difference = {key: leaf - in_windows[key] for key, leaf in once.items()}
    assert inner(difference, difference) > 1e-6 * inner(once, once)


def test_diagonal_rtrl_is_exact_if_each_unit_is_connected_only_to_itself(backend: Backend) -> None:
    case = self_connected(TASKS["copy_gru"])
    estimator = CandidateDescent(candidate=DiagonalRtrl())
    assert_close(total_estimate(backend, case, estimator), exact_gradient(backend, case))


def test_diagonal_rtrl_agrees_in_both_frameworks_and_is_biased_on_a_dense_network() -> None:
    case = TASKS["rows_gru"]
    jax, torch = (backends.load(name, 1, "float64") for name in ("jax", "torch"))
    estimator = CandidateDescent(candidate=DiagonalRtrl())
    estimate = total_estimate(jax, case, estimator)
    assert_close(total_estimate(torch, case, estimator), estimate)
    gradient = exact_gradient(jax, case)
    error = {key: leaf - gradient[key] for key, leaf in estimate.items()}
    assert inner(error, error) > 1e-4 * inner(gradient, gradient)


def test_the_loss_and_the_passes_are_counted() -> None:
    estimator = CandidateDescent(candidate=TRUNCATED)
    assert estimator.evaluations == 2
    assert np.isnan(estimator.expected_projection([]))


@pytest.mark.parametrize(
    "candidate",
    [
        RANDOM,
        RunningAverage(),
        Mixture(candidate=DiagonalRtrl(), direction=Gaussian()),
        Mixture(candidate=RunningAverage(), direction=Gaussian()),
    ],
    ids=registry.kind,
)
def test_a_candidate_that_is_not_computed_from_the_sequence_is_refused(
    candidate: Candidate,
) -> None:
    with pytest.raises(ValidationError, match="needs an approximate gradient"):
        CandidateDescent(candidate=candidate)
