"""Recurrent units compute the same function as the modules of PyTorch."""

import numpy as np
import pytest
import torch

from dirgrad.core.types import Backend
from support.cases import placed, placed_batch
from support.sequence_tasks import TASKS

PARAMETERS = ("weight_in", "weight_recurrent", "bias_in", "bias_recurrent")
"""Names of the parameters, in the order of PyTorch's modules."""


@pytest.mark.parametrize(
    ("unit", "module_class"),
    [("gru", torch.nn.GRU), ("lstm", torch.nn.LSTM), ("tanh", torch.nn.RNN)],
)
def test_a_unit_agrees_with_the_module_of_torch(
    backend: Backend, unit: str, module_class: type[torch.nn.RNNBase]
) -> None:
    case = TASKS[f"rows_{unit}"]
    params = case.params()
    module = module_class(8, 4, batch_first=True).double()
    for parameter, name in zip(module.parameters(), PARAMETERS, strict=True):
        parameter.data = torch.tensor(params[name].T)
    images, _ = case.batch()
    states, _ = module(torch.tensor(images))
    last_states = states[:, -1].detach().numpy()
    expected = last_states @ params["weight_out"] + params["bias_out"]
    batch = placed_batch(backend, case.batch())
    logits = case.problem.outputs(backend.ops, placed(backend, params), batch)
    np.testing.assert_allclose(backend.engine.to_numpy(logits), expected, rtol=1e-10)
