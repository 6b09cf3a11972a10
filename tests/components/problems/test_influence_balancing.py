"""Influence balancing, where short truncated gradients have the wrong sign."""

from typing import Literal

import numpy as np
import pytest

from dirgrad.components.candidates.truncated_gradient import TruncatedGradient
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.estimators.rtrl import Rtrl
from dirgrad.components.estimators.truncated_bptt import TruncatedBptt
from dirgrad.components.problems.influence_balancing import InfluenceBalancing
from dirgrad.core import sequences
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Backend, Params
from support.cases import Case, compiled, placed
from support.sequence_tasks import TASKS, assert_close, exact_gradient, total_estimate


def test_rtrl_is_exact(backend: Backend) -> None:
    case = TASKS["influence_balancing"]
    estimate = total_estimate(backend, case, Rtrl(window=12))
    assert_close(estimate, exact_gradient(backend, case))


@pytest.mark.parametrize(("truncation", "has_right_sign"), [(1, False), (10, False), (48, True)])
def test_a_short_truncation_has_the_wrong_sign_and_descent_along_it_is_exact(
    backend: Backend, truncation: int, has_right_sign: bool
) -> None:
    length = 48 if truncation == 48 else 240
    case = Case(InfluenceBalancing(length=length), 1200)
    descent = DirectionalDescent(candidate=TruncatedGradient(truncation=truncation))
    (gradient,) = exact_gradient(backend, case)["theta"]
    (truncated,) = total_estimate(backend, case, TruncatedBptt(window=truncation))["theta"]
    # The only parameter is theta, so the projection on a nonzero candidate is the gradient.
    (projection,) = total_estimate(backend, case, descent)["theta"]
    assert gradient > 0
    assert (truncated > 0) == has_right_sign
    assert projection == pytest.approx(gradient, rel=1e-9)


def loss_at(backend: Backend, problem: InfluenceBalancing) -> float:
    """Return the loss at the initial parameters of seed 0."""
    params = placed(backend, problem.init(np.random.default_rng(0)))
    return float(compiled(backend, lambda p: problem.outputs(backend.ops, p, ()))(params))


def test_the_loss_of_chains_is_the_mean_over_chains_with_one_parameter(backend: Backend) -> None:
    chains = InfluenceBalancing(trained="chains", units=3, length=20)
    one_or_two = [
        loss_at(backend, InfluenceBalancing(positive=positive, units=3, length=20))
        for positive in (1, 2)
    ]
    assert loss_at(backend, chains) == pytest.approx(np.mean(one_or_two), rel=1e-12)
    assert one_or_two[0] != pytest.approx(one_or_two[1], rel=0.1)


def test_drive_and_diagonal_start_as_the_published_problem_with_the_same_gradient_of_theta(
    backend: Backend,
) -> None:
    published = InfluenceBalancing(length=48)
    free = InfluenceBalancing(trained="drive_and_diagonal", length=48)
    assert loss_at(backend, free) == pytest.approx(loss_at(backend, published), rel=1e-12)
    (theta,) = exact_gradient(backend, Case(published, 1200))["theta"]
    drive = exact_gradient(backend, Case(free, 1200))["drive"]
    signs = np.repeat([1.0, -1.0], [10, 13])
    assert signs @ drive == pytest.approx(theta, rel=1e-9)


@pytest.mark.parametrize(
    ("trained", "has_wrong_signs"), [("chains", True), ("drive_and_diagonal", False)]
)
def test_with_46_parameters_descent_along_a_truncated_gradient_is_not_the_gradient(
    backend: Backend, trained: Literal["chains", "drive_and_diagonal"], has_wrong_signs: bool
) -> None:
    case = Case(InfluenceBalancing(trained=trained, length=100), 2400)
    descent = DirectionalDescent(candidate=TruncatedGradient(truncation=10))
    gradient, truncated, projection = (
        np.concatenate([*leaves.values()])
        for leaves in (
            exact_gradient(backend, case),
            total_estimate(backend, case, TruncatedBptt(window=10)),
            total_estimate(backend, case, descent),
        )
    )
    assert gradient.shape == (46,)
    assert (gradient * truncated < 0).any() == has_wrong_signs
    expected = (gradient @ truncated) * truncated / (truncated @ truncated)
    np.testing.assert_allclose(projection, expected, rtol=1e-9)
    assert np.linalg.norm(projection - gradient) > 0.5 * np.linalg.norm(gradient)


def test_the_seed_matters_only_with_a_spread() -> None:
    def first_theta(seed: int, spread: float) -> float:
        problem = InfluenceBalancing(trained="chains", spread=spread)
        return problem.init(np.random.default_rng(seed))["theta"][0]

    assert first_theta(0, 0.0) == first_theta(1, 0.0) == 0.5
    assert first_theta(0, 0.1) != first_theta(1, 0.1)


def test_the_state_converges_to_its_closed_form(backend: Backend) -> None:
    """The limit of s_0 is -6 theta, so the limit of the loss is 0 at theta = -1/6.

    With the superdiagonal matrix N, (I - A)^-1 = 2 sum_k N^k. Therefore
    s_0 -> 2 theta (10 - 13) = -6 theta.
    """
    problem, ops = InfluenceBalancing(length=4000), backend.ops

    def final_state(params: Params) -> Params:
        state = problem.initial_state(ops, params, ())
        start = SequencePosition(problem, params, state, problem.observations(ops, ()))
        _, state = sequences.rollout(ops, start)
        return state

    for theta in (0.5, -1 / 6):
        params = {"theta": ops.asarray(np.array([theta]))}
        state = compiled(backend, final_state)(params)
        assert float(state["s"][0, 0]) == pytest.approx(-6 * theta, abs=1e-9)
