"""The learning rate of SGD decays exponentially."""

import numpy as np

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps
from dirgrad.core.types import Backend, State, Trial
from support.cases import CASES, placed

NUM_STEPS = 6
RATE = 0.5
DECAY = 0.3


def test_the_learning_rate_decays_exponentially_from_the_first_step(backend: Backend) -> None:
    case = CASES["quadratic"]
    step = steps.make_step(backend.ops, case.problem, Backprop(), Sgd(), DECAY)
    (key,) = backend.engine.keys(np.array([0]))
    trial = Trial(key, backend.ops.asarray(np.array(RATE)))
    state = State(placed(backend, case.params()), ())
    expected = case.params()["x"]
    indices = backend.ops.arange(NUM_STEPS)
    for index in range(NUM_STEPS):
        state, _ = step(state, trial, indices[index], ())
        decayed_rate = RATE * np.exp(-DECAY * index)
        expected = expected * (1 - decayed_rate * case.problem.eigenvalues())
    np.testing.assert_allclose(backend.engine.to_numpy(state.params["x"]), expected, rtol=1e-12)
