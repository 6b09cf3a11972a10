"""Reverse mode on autograd's tape, which counts saved memory, computes the usual gradient."""

from typing import Any

from dirgrad import backends
from dirgrad.core import tree
from dirgrad.core.types import Params
from dirgrad.runs.instruments.workload import loss
from support.cases import compiled
from support.small_steps import small_step


def test_the_gradient_on_the_tape_equals_the_usual_gradient() -> None:
    from dirgrad.backends.torch.saved_tensors import TapeOps

    backend = backends.load("torch", 1, "float32")
    workload = small_step(backend, "mlp-backprop").workload

    def gradient(ops: Any) -> Params:
        batch_loss = loss(ops, workload.problem)
        differentiate = ops.value_and_grad(lambda params: batch_loss(params, workload.batch))
        _, result = compiled(backend, differentiate)(workload.params)
        return result

    usual = gradient(backend.ops)
    taped = gradient(TapeOps(backend.ops))
    error = tree.axpy(backend.ops, -1.0, usual, taped)
    assert float(tree.norm(backend.ops, error)) < 1e-6
