"""Small recurrent problems, and the gradients and estimates of their losses."""

from typing import Any

import numpy as np

from dirgrad.components.candidates.random import Random
from dirgrad.components.datasets.copy import Copy
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.problems.influence_balancing import InfluenceBalancing
from dirgrad.components.problems.rnn import Rnn
from dirgrad.components.units.gru import Gru
from dirgrad.components.units.lru import Lru
from dirgrad.components.units.lstm import Lstm
from dirgrad.components.units.tanh import Tanh
from dirgrad.core import steps
from dirgrad.core.recurrent import OnlineEstimator, SequencePosition
from dirgrad.core.types import Backend
from support.cases import Case, compiled, inner, loss_of, placed, placed_batch, to_numpy

UNITS = {"tanh": Tanh(), "gru": Gru(), "lstm": Lstm(), "lru": Lru()}

RANDOM = Random(direction=Gaussian())
"""Candidate that proposes a Gaussian direction."""


def _tasks() -> dict[str, Case]:
    tasks = {}
    for name, unit in UNITS.items():
        tasks[f"rows_{name}"] = Case(Rnn(dataset=Digits(), hidden=4, unit=unit), 150)
    for name, unit in UNITS.items():
        copy = Copy(shown=2, delay=4)
        tasks[f"copy_{name}"] = Case(Rnn(dataset=copy, hidden=4, unit=unit), 150)
    tasks["pixels"] = Case(Rnn(dataset=Digits(), hidden=4, read="pixels"), 400)
    tasks["influence_balancing"] = Case(InfluenceBalancing(length=48), 1200)
    return tasks


TASKS = _tasks()
"""Recurrent problems; an RNN has the name of its input and its unit."""


class SelfConnectedCase(Case):
    """A recurrent network whose units are connected only to themselves; diagonal RTRL is exact."""

    def params(self, dtype: str = "float64", seed: int = 0) -> dict[str, np.ndarray]:
        """Return the initial parameters, with zeros between different units."""
        problem: Any = self.problem
        self_connections = np.tile(np.eye(problem.hidden), (1, problem.unit.gates))
        params = super().params(dtype, seed)
        if "weight_recurrent" not in params:
            return params
        weight = (params["weight_recurrent"] * self_connections).astype(dtype)
        return params | {"weight_recurrent": weight}


def self_connected(case: Case) -> Case:
    """Return a case with the same network, without connections between different units."""
    return SelfConnectedCase(case.problem, case.terms)


def sequence_start(backend: Backend, case: Case) -> SequencePosition:
    """Return the position before the first step."""
    params = placed(backend, case.params())
    batch = placed_batch(backend, case.batch())
    problem: Any = case.problem
    state = problem.initial_state(backend.ops, params, batch)
    return SequencePosition(problem, params, state, problem.observations(backend.ops, batch))


def exact_gradient(backend: Backend, case: Case) -> dict[str, np.ndarray]:
    """Return the gradient of the whole loss by reverse accumulation."""
    differentiate = compiled(backend, backend.ops.value_and_grad(loss_of(backend, case)))
    _, gradient = differentiate(placed(backend, case.params()))
    return to_numpy(backend, gradient)


def total_estimate(
    backend: Backend, case: Case, estimator: OnlineEstimator
) -> dict[str, np.ndarray]:
    """Return the sum of the estimates of all windows at constant parameters."""
    batch = placed_batch(backend, case.batch())
    (key,) = backend.engine.keys(np.array([0]))

    def estimate(key: Any, params: Any) -> dict[str, Any]:
        total = steps.estimate(backend.ops, case.problem, estimator, key, params, batch)
        return total._asdict()

    total = compiled(backend, estimate)(key, placed(backend, case.params()))
    return scaled_to_numpy(backend, total["scale"], total["vector"])


def scaled_to_numpy(backend: Backend, scale: Any, vector: Any) -> dict[str, np.ndarray]:
    """Return scale times vector as NumPy arrays."""
    return to_numpy(backend, {name: scale * leaf for name, leaf in vector.items()})


def assert_close(actual: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Require that no entry differs by more than 1e-10 times the norm of `expected`."""
    norm = np.sqrt(inner(expected, expected))
    for name, leaf in expected.items():
        np.testing.assert_allclose(actual[name], leaf, rtol=0, atol=1e-10 * norm)
