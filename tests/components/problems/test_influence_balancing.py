"""Influence balancing, where short truncated gradients have the wrong sign."""

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
from support.cases import Case, compiled
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
