"""Gradient checkpointing that works both under torch.func's transforms and on autograd's tape.

torch.utils.checkpoint supports only the tape.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class Checkpoint(torch.autograd.Function):
    """Function that stores only its inputs and is recomputed in the backward pass.

    `apply(vjp, f, *inputs)` returns f(*inputs). The argument `vjp` differentiates f and has the
    signature of `core.types.Ops.vjp`.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(vjp: Callable[..., Any], f: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
        return f(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.vjp, ctx.f, *primals = inputs
        ctx.save_for_backward(*primals)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Any, ...]:
        _, pull = ctx.vjp(ctx.f, *ctx.saved_tensors)
        return (None, None, *pull(*cotangents))
