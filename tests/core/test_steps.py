"""One step serves every estimator, and refuses one that does not fit its problem."""

from typing import Any

import numpy as np
import pytest

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.estimators.rtrl import Rtrl
from dirgrad.components.estimators.truncated_bptt import TruncatedBptt
from dirgrad.components.estimators.uoro import Uoro
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps
from dirgrad.core.types import Backend, Estimator, Trial
from support.cases import CASES, compiled, placed, placed_batch, to_numpy
from support.sequence_tasks import RANDOM

RATE = 0.1


def params_after_a_step(backend: Backend, case_name: str, estimator: Estimator) -> Any:
    """Return the parameters after one step of SGD."""
    case, ops = CASES[case_name], backend.ops
    step = steps.make_step(ops, case.problem, estimator, Sgd(), 0.0)
    state = steps.initial_state(ops, estimator, Sgd(), placed(backend, case.params()))
    (key,) = backend.engine.keys(np.array([0]))
    trial = Trial(key, ops.asarray(np.array(RATE)))
    batch = placed_batch(backend, case.batch())
    after, _ = compiled(backend, step)(state, trial, ops.arange(1)[0], batch)
    return to_numpy(backend, after.params)


def test_a_step_over_the_whole_sequence_equals_a_step_of_backprop(backend: Backend) -> None:
    online = params_after_a_step(backend, "rnn", TruncatedBptt(window=8))
    whole = params_after_a_step(backend, "rnn", Backprop())
    for name, leaf in whole.items():
        np.testing.assert_allclose(online[name], leaf, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    "estimator",
    [
        Rtrl(window=5),
        TruncatedBptt(window=16),
        Uoro(window=9),
        DirectionalDescent(candidate=RANDOM, window=7),
    ],
)
def test_a_window_that_does_not_divide_the_sequence_is_refused(
    backend: Backend, estimator: Estimator
) -> None:
    with pytest.raises(NotImplementedError, match=f"{estimator.window} steps .* the 8 remaining"):
        params_after_a_step(backend, "rnn", estimator)


def test_an_online_estimator_is_refused_on_a_problem_without_a_sequence(backend: Backend) -> None:
    with pytest.raises(NotImplementedError, match="a problem that processes sequences"):
        params_after_a_step(backend, "mlp", Uoro())


def test_an_estimator_without_a_method_that_estimates_is_refused() -> None:
    class Misspelled(Backprop):
        estimate = None

    with pytest.raises(
        TypeError, match="needs a method `estimate`, `estimate_minibatch` or `estimate_window`"
    ):
        steps.windowed(Misspelled())
