"""The temporary memory of a step grows with depth for backprop, but hardly for other estimators."""

from functools import cache

import pytest

from dirgrad import backends
from dirgrad.runs.instruments import programs
from support.small_steps import TEMPORARY_BYTES, deep_mlp, program_counts, small_step

pytestmark = [pytest.mark.cpu, pytest.mark.usefixtures("fused_loops")]

BATCH = 128
ACTIVATION_BYTES = BATCH * 16 * 4
"""Memory of the output of one hidden layer in float32."""

GROWTH = {"mlp-rank_one": 0.05, "mlp-replayed": 0.05, "mlp-mezo": 0.05, "deep-checkpointed": 0.5}
"""Highest growth per layer as a share of backprop's growth.

A further layer may add the factors of its direction. With segments of three layers, checkpointed
backprop adds the input of every third layer and the gradient of each layer's weights.
"""


@cache
def growth_over_nine_layers(framework: str, name: str) -> int:
    """Return how many temporary bytes a step gains from 4 to 13 hidden layers."""
    shallow, deep = (temporary_bytes(framework, name, depth) for depth in (4, 13))
    return deep - shallow


def temporary_bytes(framework: str, name: str, depth: int) -> int:
    """Return the temporary bytes of a step on a network with this number of hidden layers."""
    backend = backends.load(framework, 1, "float32")
    step = small_step(backend, name, deep_mlp(depth), BATCH)
    return program_counts(backend, step.program)[TEMPORARY_BYTES[framework]]


@pytest.mark.parametrize("framework", backends.NAMES)
@pytest.mark.parametrize("name", GROWTH)
def test_temporary_memory_grows_less_with_depth_than_in_backprop(framework: str, name: str) -> None:
    growth = growth_over_nine_layers(framework, name)
    backprop_growth = growth_over_nine_layers(framework, "mlp-backprop")
    assert backprop_growth >= 9 * ACTIVATION_BYTES
    assert growth <= GROWTH[name] * backprop_growth


@pytest.mark.parametrize("framework", backends.NAMES)
def test_inference_needs_two_activations_at_any_depth(framework: str) -> None:
    """Inference needs the input and the output of one layer.

    The test compiles for memory, because XLA's own library would run the layers in one call, with
    buffers that are not counted.
    """
    backend = backends.load(framework, 1, "float32")
    for depth in (4, 13):
        step = small_step(backend, "mlp-backprop", deep_mlp(depth), BATCH)
        inference = programs.forward(step.workload)
        compiled, _ = programs.compile_for_memory(backend, inference)
        temporary = compiled.counts[TEMPORARY_BYTES[framework]]
        assert 2 * ACTIVATION_BYTES <= temporary <= 2.2 * ACTIVATION_BYTES
