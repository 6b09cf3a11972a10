"""Functions of which reverse accumulation remembers the arguments alone, under torch.func's transforms as on autograd's tape:
torch.utils.checkpoint knows the tape only."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class Checkpoint(torch.autograd.Function):
    """apply(vjp, f, *inputs) is f(*inputs); its way back runs f once more. vjp: how, as types.Ops has it."""

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
