"""Recurrent units compute the functions of PyTorch's modules, or of their closed forms."""

import operator
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from dirgrad.components.candidates import _influence
from dirgrad.components.candidates._influence import Influence
from dirgrad.components.units.lru import Lru
from dirgrad.core.types import Backend, Params
from support.cases import compiled, placed, placed_batch, to_numpy
from support.closed_form_of_lru import state_and_influence
from support.sequence_tasks import TASKS, assert_close, sequence_start

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


def test_a_linear_recurrent_unit_has_the_state_and_the_influence_of_its_closed_form(
    backend: Backend,
) -> None:
    case = TASKS["rows_lru"]
    params, ops = case.params(), backend.ops
    start = sequence_start(backend, case)
    problem: Any = case.problem

    def process(weights: Params) -> tuple[Params, Influence]:
        state = start.state
        influence = _influence.zeros(ops, problem, weights, state)
        for x in start.remaining[0]:
            influence = _influence.advance(ops, problem, weights, state, x, influence)
            state = problem.unit.update(ops, weights, state, x, operator.matmul)
        return state, influence

    state, influence = compiled(backend, process)(start.params)
    inputs = np.swapaxes(case.batch()[0], 0, 1)
    expected_state, expected_influence = state_and_influence(params, inputs)
    # The names of the two states are those of the unit: the real part is the output.
    for name, part in {"h": np.real, "imaginary": np.imag}.items():
        assert_close(to_numpy(backend, {"z": state[name]}), {"z": part(expected_state)})
        expected = {key: part(leaf) for key, leaf in expected_influence.items()}
        assert_close(to_numpy(backend, influence[name]), expected)


def test_lambda_of_a_linear_recurrent_unit_starts_on_the_ring_and_gamma_normalizes_the_state() -> (
    None
):
    unit = Lru(min_modulus=0.6, max_modulus=0.9, max_phase=0.5)
    params = unit.init_params(np.random.default_rng(0), num_inputs=3, hidden=4000)
    modulus, phase = np.exp(-np.exp(params["nu_log"])), np.exp(params["theta_log"])
    assert 0.6 <= modulus.min() < 0.61 < 0.89 < modulus.max() <= 0.9
    assert 0 <= phase.min() < 0.01 < 0.49 < phase.max() <= 0.5
    # The area inside the middle of the ring is (0.75^2 - 0.6^2) / (0.9^2 - 0.6^2) of the whole.
    assert np.mean(modulus < 0.75) == pytest.approx(0.45, abs=0.03)
    # The state of white noise has the variance gamma^2 / (1 - |lambda|^2) of B x, which is 1.
    np.testing.assert_allclose(np.exp(2 * params["gamma_log"]) / (1 - modulus**2), 1)
    assert params["weight_in"].std() == pytest.approx((2 * 3) ** -0.5, rel=0.02)


def test_a_ring_without_width_is_refused() -> None:
    with pytest.raises(ValidationError, match="choose min_modulus below max_modulus"):
        Lru(min_modulus=0.9, max_modulus=0.9)
