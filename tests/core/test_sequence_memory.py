"""The memory of an online estimator does not grow with the length of sequences that are given.

The sequences themselves are not counted, and a truncated gradient holds one window of 16 steps.
"""

import numpy as np
import pytest
import torch

from dirgrad import backends
from dirgrad.components.candidates.diagonal_rtrl import DiagonalRtrl
from dirgrad.components.candidates.truncated_gradient import TruncatedGradient
from dirgrad.components.datasets.copy import Copy
from dirgrad.components.estimators.candidate_descent import CandidateDescent
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.estimators.rtrl import Rtrl
from dirgrad.components.estimators.truncated_bptt import TruncatedBptt
from dirgrad.components.estimators.uoro import Uoro
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.components.problems.rnn import Rnn
from dirgrad.core import steps
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Batch, Ops, Params, Trial
from support.cases import loss_of, placed
from support.sequence_tasks import RANDOM, TASKS, total_estimate

pytestmark = [pytest.mark.cpu, pytest.mark.usefixtures("fused_loops")]

SHORT, LONG = 32, 4096
BATCH = 5

CONSTANT_MEMORY = {
    "random": DirectionalDescent(candidate=RANDOM, window=16),
    "random_whole": DirectionalDescent(candidate=RANDOM),
    "truncated": DirectionalDescent(candidate=TruncatedGradient(truncation=16)),
    "diagonal": DirectionalDescent(candidate=DiagonalRtrl()),
    "truncated_bptt": TruncatedBptt(window=16),
    "truncated_itself": CandidateDescent(candidate=TruncatedGradient(truncation=16)),
    "uoro": Uoro(window=16),
    "rtrl": Rtrl(window=16),
}


class TimeMajorRnn(Rnn):
    """Recurrent network whose minibatches consist of the observations of all steps.

    Computing the observations from images would take memory in proportion to the length.
    """

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        return batch

    def initial_state(self, ops: Ops, params: Params, batch: Batch) -> Params:
        inputs = batch[0]
        return super().initial_state(ops, params, (inputs[0],))


def temporary_bytes(estimator: OnlineEstimator, length: int) -> int:
    """Return the bytes of temporary memory of one compiled step."""
    backend = backends.load("jax", 1, "float32")
    problem, ops = TimeMajorRnn(dataset=Copy(delay=length - 2), hidden=4), backend.ops
    initial = problem.init(np.random.default_rng(0))
    params = {name: ops.asarray(leaf.astype("float32")) for name, leaf in initial.items()}
    inputs = ops.asarray(np.zeros((length, BATCH, problem.num_inputs), "float32"))
    labels = ops.asarray(np.zeros((length, BATCH), "int32"))
    weights = ops.asarray(np.zeros(length, "float32"))
    (key,) = backend.engine.keys(np.array([0]))
    trial = Trial(key, ops.asarray(np.float32(0.1)))
    state = steps.initial_state(ops, estimator, Sgd(), params)
    step = steps.make_step(ops, problem, estimator, Sgd(), 0.0)
    arguments = (state, trial, ops.arange(1)[0], (inputs, labels, weights))
    return backend.engine.compile(step, arguments).counts["xla_temp_bytes"]


@pytest.mark.parametrize("name", CONSTANT_MEMORY)
def test_the_memory_of_an_online_step_does_not_depend_on_the_length(name: str) -> None:
    estimator = CONSTANT_MEMORY[name]
    assert temporary_bytes(estimator, SHORT) == temporary_bytes(estimator, LONG)


def test_the_memory_of_backpropagation_through_time_grows_with_the_length() -> None:
    short_bytes, long_bytes = (
        temporary_bytes(TruncatedBptt(window=length), length) for length in (SHORT, LONG)
    )
    assert long_bytes > 100 * short_bytes


@pytest.mark.parametrize("name", ["random", "random_whole"])
def test_torch_saves_no_tensors_for_a_backward_pass_of_directional_descent(name: str) -> None:
    backend, case = backends.load("torch", 1, "float64"), TASKS["copy_gru"]
    saved_bytes = 0

    def count(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal saved_bytes
        saved_bytes += tensor.numel() * tensor.element_size()
        return tensor

    estimator = DirectionalDescent(candidate=RANDOM, window=4 if name == "random" else None)
    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        total_estimate(backend, case, estimator)
        assert saved_bytes == 0
        # The loss with gradients enabled shows that the hook counts.
        params = placed(backend, case.params())
        loss_of(backend, case)({key: leaf.requires_grad_() for key, leaf in params.items()})
        assert saved_bytes > 0
