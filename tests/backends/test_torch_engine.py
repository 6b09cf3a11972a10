"""The PyTorch engine traces exactly the eager results, and overwrites only consumed arguments."""

from typing import Any

import numpy as np
import pytest
import torch

from dirgrad import backends
from dirgrad.backends.torch import engine, tracing
from dirgrad.core import steps
from dirgrad.runs.training import trials
from support.small_trainings import MLP, training_job


def test_an_argument_that_requires_grad_is_an_error() -> None:
    float32_engine = backends.load("torch", 1, "float32").engine
    with pytest.raises(ValueError, match="requires grad: detach it"):
        float32_engine.compile(lambda x: 2 * x, (torch.ones(2, requires_grad=True),))


def test_the_temporary_bytes_are_the_peak_of_the_live_storages() -> None:
    """Every vector has 100 entries of 8 bytes, and a, b and c are live when c is computed.

    A view allocates nothing, and the two calls after c overwrite its storage.
    """

    def f(x: Any) -> Any:
        a = x + 1
        b = a * 2
        c = a.reshape(10, 10).t() @ b.reshape(10, 10)
        return torch.sum((c + 1) * 2)

    backend = backends.load("torch", 1, "float64")
    compiled = backend.engine.compile(f, (backend.ops.asarray(np.zeros(100)),))
    assert compiled.counts["graph_temp_bytes"] == 3 * 800


@pytest.mark.parametrize("consumed", [0, 1])
def test_a_call_overwrites_a_consumed_argument_and_no_other(consumed: int) -> None:
    """Only w can be overwritten, because y is computed from x before x is read again."""

    def f(w: Any, x: Any) -> Any:
        y = x * 2
        view = y[:50]
        return w + y * x, view * 3, y

    backend = backends.load("torch", 1, "float64")
    w, x = (backend.ops.asarray(np.arange(100.0) + i) for i in range(2))
    # On a GPU only this way of compiling works without CUDA graphs, which have their own memory.
    compiled = backend.engine.compile_for_memory(f, (w, x), consumed=consumed)
    argument = w.clone()
    expected = f(w.clone(), x.clone())
    results = compiled.call(argument, x)
    for result, expected_result in zip(results, expected, strict=True):
        assert torch.equal(result, expected_result)
    assert torch.equal(x, backend.ops.asarray(np.arange(100.0) + 1))
    assert (results[0].data_ptr() == argument.data_ptr()) == bool(consumed)
    assert torch.equal(argument, w) != bool(consumed)


def test_a_traced_step_equals_the_untraced_step() -> None:
    backend = backends.load("torch", 1, "float64")
    ops = backend.ops
    job = training_job(backend, MLP)
    training = job.settings
    lanes = [trials.Lane(0.01, 0), trials.Lane(0.01, 1)]
    images = ops.asarray(np.random.default_rng(0).uniform(size=(2, 8, 8, 8)))
    labels = ops.asarray(np.random.default_rng(0).integers(0, 10, (2, 8)))
    for estimator in job.estimators.values():
        step = steps.make_step(ops, training.problem, estimator, training.optimizer, 0.0)
        state, trial = trials.initial_state(training, estimator, backend, job.run.precision, lanes)
        example = (state, trial, ops.arange(5)[4], (images, labels))
        mapped_step = engine._map_lanes(step, (2,), 2)
        flat_step, leaves, _ = tracing.flatten(mapped_step, example)
        traced_step = tracing.trace(flat_step, leaves, 0)
        results = zip(flat_step(*leaves), traced_step(*leaves), strict=True)
        for untraced, traced in results:
            torch.testing.assert_close(traced, untraced, rtol=0, atol=0)
