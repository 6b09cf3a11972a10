"""A map by weights that move along a direction: its tangent by hand, since torch's own rule would multiply by a tangent of the
weights that is all zeros."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class LinearJvp(torch.autograd.Function):
    """apply(f, x, weight, step, p, q) is f(x, weight) at step = 0, with f linear in x; along the step it has the tangent p q."""

    @staticmethod
    def forward(
        f: Callable[..., Tensor],
        x: Tensor,
        weight: Tensor,
        step: Tensor,
        p: Tensor | float,
        q: Tensor,
    ) -> Tensor:
        return f(x, weight)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.f, _, weight, _, p, q = inputs
        ctx.p = p if isinstance(p, float) else None
        ctx.save_for_forward(weight, q, *([] if isinstance(p, float) else [p]))
        ctx.set_materialize_grads(False)

    @staticmethod
    def jvp(
        ctx: Any, _: None, moved: Tensor | None, weight_moved: None, step: Tensor, *others: Any
    ) -> Tensor:
        weight, q, *kept = ctx.saved_tensors
        p = step * (kept[0] if kept else ctx.p)
        return p * q if moved is None else torch.addcmul(ctx.f(moved, weight), p, q)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], f: Any, x: Tensor, weight: Tensor, *others: Any
    ) -> tuple[Tensor, int | None]:
        # Many directions share the function's own pass: it has no axis of theirs.
        axes = in_dims[1:3]
        if axes == (None, None):
            return f(x, weight), None
        return torch.func.vmap(f, axes)(x, weight), 0
