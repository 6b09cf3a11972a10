"""A map by weights that move along an outer product: its tangent by hand, since torch's own rule would multiply by a tangent of the
weights that is all zeros."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class Tilted(torch.autograd.Function):
    """apply(f, x, weight, step, p, q) is f(x, weight) at step = 0, with f linear in x; along the step it has the tangent p q."""

    generate_vmap_rule = True

    @staticmethod
    def forward(f: Callable[..., Tensor], x: Tensor, weight: Tensor, step: Tensor, p: Tensor, q: Tensor) -> Tensor:
        return f(x, weight)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.f, _, weight, _, p, q = inputs
        ctx.save_for_forward(weight, p, q)
        ctx.set_materialize_grads(False)

    @staticmethod
    def jvp(ctx: Any, _: None, moved: Tensor | None, weight_moved: None, step: Tensor, *others: Any) -> Tensor:
        weight, p, q = ctx.saved_tensors
        return step * p * q if moved is None else torch.addcmul(ctx.f(moved, weight), step * p, q)
