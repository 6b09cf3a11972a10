"""A step in PyTorch computes everything on the device of its parameters."""

from typing import Any

import numpy as np
import pytest
import torch

from dirgrad import backends
from dirgrad.backends.torch import tracing
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


def test_the_constants_of_a_traced_step_lie_on_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each step would copy them there, which a CUDA graph refuses."""

    def decayed(x: Any) -> Any:
        return x * backend.ops.constant(np.array([0.5, 2.0]), x)

    backend = backends.load("torch", 1, "float32")
    with fake_gpu(monkeypatch):
        leaves = [backend.ops.asarray(np.ones(2, np.float32))]
        traced = tracing.trace(lambda x: [decayed(x)], leaves, 0)
    (graph,) = traced.graphs
    constants = [getattr(graph, n.target) for n in graph.graph.nodes if n.op == "get_attr"]
    assert [constant.device.type for constant in constants] == ["meta"]
