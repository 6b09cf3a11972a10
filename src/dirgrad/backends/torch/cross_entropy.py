"""Cross-entropy with a hand-written tangent.

torch's forward mode decomposes the tangent of a log-softmax into nine calls. The derivative of a
scalar is the inner product of its gradient with the tangent, and torch computes the gradient in two
calls. K tangents share it.
"""

from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import TransformType
from torch._functorch.pyfunctorch import retrieve_all_functorch_interpreters
from torch.nn import functional

aten = torch.ops.aten
MEAN = 1
"""The reduction of `nll_loss` to the mean."""
IGNORED = -100
"""The label without a loss, which does not occur."""


class _CrossEntropyJvp(torch.autograd.Function):
    """Mean cross-entropy of logits (n, classes) and labels (n,), for one forward derivative.

    `apply(logits, labels)` returns the loss, the logarithms of the probabilities, and the weight
    of the labels. The last two have no derivative.
    """

    @staticmethod
    def forward(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        log_probabilities = aten._log_softmax(logits, 1, False)
        loss, weight = aten.nll_loss_forward(log_probabilities, labels, None, MEAN, IGNORED)
        return loss, log_probabilities, weight

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
        _, labels = inputs
        _, log_probabilities, weight = output
        ctx.mark_non_differentiable(log_probabilities, weight)
        ctx.save_for_forward(labels, log_probabilities, weight)
        ctx.set_materialize_grads(False)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> tuple[Tensor, None, None]:
        labels, log_probabilities, weight = ctx.saved_tensors
        cotangent = torch.ones((), dtype=weight.dtype, device=weight.device)
        by_log_probability = aten.nll_loss_backward(
            cotangent, log_probabilities, labels, None, MEAN, IGNORED, weight
        )
        gradient = aten._log_softmax_backward_data(
            by_log_probability, log_probabilities, 1, log_probabilities.dtype
        )
        return torch.sum(gradient * tangent), None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], logits: Tensor, labels: Tensor
    ) -> tuple[tuple[Tensor, ...], Any]:
        if in_dims == (None, None):
            return _CrossEntropyJvp.forward(logits, labels), (None, None, None)
        return torch.func.vmap(_CrossEntropyJvp.forward, in_dims)(logits, labels), (0, 0, 0)


def cross_entropy(logits: Tensor, labels: Tensor, /) -> Tensor:
    """Return the mean cross-entropy of logits (n, classes) and labels (n,), in nats: ()."""
    if _is_single_jvp(logits):
        return _CrossEntropyJvp.apply(logits, labels)[0]
    return functional.cross_entropy(logits, labels)


def _is_single_jvp(logits: Tensor) -> bool:
    """Return whether exactly one derivative is taken, in forward mode."""
    if logits.requires_grad or logits.ndim != 2:
        return False
    kinds = [interpreter.key() for interpreter in retrieve_all_functorch_interpreters()]
    derivatives = [kind for kind in kinds if kind != TransformType.Vmap]
    return derivatives == [TransformType.Jvp]
