"""A step in PyTorch computes everything on the device of its parameters."""

from typing import Any

import numpy as np
import pytest
import torch

from dirgrad import backends
from dirgrad.backends.torch.branches import specializations
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps
from dirgrad.core.types import Estimator, Trial
from support.cases import CASES, DIRECTIONS, estimators, placed, placed_batch
from support.fake_gpu import fake_gpu

ESTIMATORS: dict[str, Estimator] = estimators(1e-2) | {
    f"forward_gradient_{name}": ForwardGradient(direction=law) for name, law in DIRECTIONS.items()
}


def take_step(estimator: Estimator, problem: str, lanes: int) -> list[torch.Tensor]:
    """Take a step on the GPU in each lane and return the leaves of the results."""
    backend = backends.load("torch", 1, "float32")
    ops, case = backend.ops, CASES[problem]
    step = steps.make_step(ops, case.problem, estimator, Sgd(), 1e-4)
    params = placed(backend, case.params("float32"))
    state = steps.initial_state(ops, estimator, Sgd(), params)
    batch = placed_batch(backend, case.batch("float32"))
    keys = backend.engine.keys(np.arange(lanes))
    rates = ops.asarray(np.full(lanes, 0.1, np.float32))
    index = ops.arange(3)[1]

    def in_lane(key: Any, rate: Any) -> Any:
        return step(state, Trial(key, rate), index, batch)

    mapped = backend.engine.vmap_trials(in_lane, (), lanes)
    results: list[Any] = []
    for _ in specializations(lambda: results.append(mapped(keys, rates))):
        pass
    return torch.utils._pytree.tree_leaves(results)


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_tensor_of_a_step_lies_on_the_gpu(
    monkeypatch: pytest.MonkeyPatch, name: str, lanes: int
) -> None:
    with fake_gpu(monkeypatch) as mode:
        leaves = take_step(ESTIMATORS[name], "mlp", lanes)
    assert {leaf.device.type for leaf in leaves} == {"meta"}
    assert mode.num_calls > 20
