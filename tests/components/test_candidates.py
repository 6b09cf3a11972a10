"""Candidates propose the directions that their definitions state, and descent projects on them."""

import numpy as np
import pytest

from dirgrad.components import registry
from dirgrad.components.candidates.diagonal_rtrl import DiagonalRtrl
from dirgrad.components.candidates.mixture import Mixture
from dirgrad.components.candidates.running_average import RunningAverage
from dirgrad.components.candidates.snap_1 import Snap1
from dirgrad.components.candidates.truncated_gradient import TruncatedGradient
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.candidate_descent import CandidateDescent
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.estimators.rtrl import Rtrl
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps
from dirgrad.core.recurrent import Candidate
from dirgrad.core.types import Backend, Params, Trial
from support.cases import Case, compiled, inner, placed, placed_batch, random_like, to_numpy
from support.sequence_tasks import (
    TASKS,
    UNITS,
    assert_close,
    exact_gradient,
    scaled_to_numpy,
    self_connected,
    sequence_start,
    total_estimate,
)

CANDIDATES = {
    "truncated": TruncatedGradient(truncation=2),
    "diagonal": DiagonalRtrl(),
    "snap_1": Snap1(),
    "mixture": Mixture(candidate=TruncatedGradient(truncation=2), direction=Gaussian(), share=0.3),
}


def diagonal_rtrl_proposal(backend: Backend, case: Case) -> dict[str, np.ndarray]:
    """Return the proposal of diagonal RTRL at the start of a sequence."""
    start = sequence_start(backend, case)

    def draw_nothing() -> Params:
        return {}

    def propose(params: Params) -> Params:
        position = start._replace(params=params)
        return DiagonalRtrl().propose(backend.ops, position, (), draw_nothing)

    return to_numpy(backend, compiled(backend, propose)(start.params))


@pytest.mark.parametrize("unit", UNITS)
def test_diagonal_rtrl_is_exact_if_each_unit_is_connected_only_to_itself(
    backend: Backend, unit: str
) -> None:
    case = self_connected(TASKS[f"copy_{unit}"])
    assert_close(diagonal_rtrl_proposal(backend, case), exact_gradient(backend, case))


@pytest.mark.parametrize("name", ["rows_lru", "copy_lru"])
def test_on_linear_recurrent_units_diagonal_rtrl_is_exact_like_rtrl(
    backend: Backend, name: str
) -> None:
    case = TASKS[name]
    gradient = exact_gradient(backend, case)
    assert_close(
        total_estimate(backend, case, CandidateDescent(candidate=DiagonalRtrl())), gradient
    )
    assert_close(total_estimate(backend, case, Rtrl()), gradient)


def test_diagonal_rtrl_is_close_to_the_direction_of_the_gradient_but_not_exact(
    backend: Backend,
) -> None:
    case = TASKS["rows_gru"]
    proposal = diagonal_rtrl_proposal(backend, case)
    gradient = exact_gradient(backend, case)
    norms = np.sqrt(inner(proposal, proposal) * inner(gradient, gradient))
    cosine = inner(proposal, gradient) / norms
    assert 0.5 < cosine < 1 - 1e-6


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_estimate_along_a_candidate_is_a_projection_of_the_gradient(
    backend: Backend, name: str
) -> None:
    case = TASKS["rows_tanh"]
    estimator = DirectionalDescent(candidate=CANDIDATES[name])
    estimate = total_estimate(backend, case, estimator)
    gradient = exact_gradient(backend, case)
    # A projection p of g satisfies <p, g> = <p, p>, and it is not longer than g.
    assert inner(estimate, gradient) == pytest.approx(inner(estimate, estimate), rel=1e-9)
    assert 0 < inner(estimate, estimate) < inner(gradient, gradient) * (1 - 1e-6)


def test_a_mixture_is_a_convex_combination_of_unit_vectors(backend: Backend) -> None:
    case = TASKS["rows_tanh"]
    start = sequence_start(backend, case)
    noise = placed(backend, random_like(case.params(), seed=9))

    def propose(share: float) -> dict[str, np.ndarray]:
        candidate = TruncatedGradient(truncation=2)
        mixture = Mixture(candidate=candidate, direction=Gaussian(), share=share)
        return to_numpy(backend, mixture.propose(backend.ops, start, (), lambda: noise))

    unit_candidate, mixture, unit_noise = propose(0.0), propose(0.25), propose(1.0)
    expected = {
        name: 0.75 * unit_candidate[name] + 0.25 * unit_noise[name] for name in unit_candidate
    }
    assert_close(mixture, expected)
    assert inner(unit_candidate, unit_candidate) == pytest.approx(1)
    assert inner(unit_noise, unit_noise) == pytest.approx(1)


def test_the_running_average_starts_at_zero_and_contains_the_estimate_of_the_last_sequence(
    backend: Backend,
) -> None:
    case, ops = TASKS["rows_tanh"], backend.ops
    mixture = Mixture(candidate=RunningAverage(), direction=Gaussian(), share=0.5)
    estimator = DirectionalDescent(candidate=mixture, average_decay=0.5)
    step = steps.make_step(ops, case.problem, estimator, Sgd(), 0.0)
    batch = placed_batch(backend, case.batch())
    (key,) = backend.engine.keys(np.array([0]))
    trial = Trial(key, ops.asarray(np.array(0.1)))
    before = steps.initial_state(ops, estimator, Sgd(), placed(backend, case.params()))
    assert all(float(ops.sum(leaf * leaf)) == 0 for leaf in before.estimator_state.values())
    after, _ = step(before, trial, ops.arange(2)[0], batch)
    change = {name: leaf - after.params[name] for name, leaf in before.params.items()}
    # The step is 0.1 times the estimate, and the average is 0.5 times the estimate.
    assert_close(
        scaled_to_numpy(backend, 0.2, after.estimator_state),
        to_numpy(backend, change),
    )


@pytest.mark.parametrize("candidate", [DiagonalRtrl(), Snap1()], ids=registry.kind)
def test_a_candidate_that_follows_influences_on_units_refuses_a_problem_without_units(
    backend: Backend, candidate: Candidate
) -> None:
    start = sequence_start(backend, TASKS["influence_balancing"])
    with pytest.raises(NotImplementedError, match="needs a recurrent network of units"):
        candidate.propose(backend.ops, start, (), dict)
