"""Linear maps with hand-written tangents: the weight moves along a direction, or rests.

torch's own rule would also multiply by the tangent of the weight, which is all zeros here.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class LinearJvp(torch.autograd.Function):
    """Linear map with a given derivative along a step.

    `apply(f, x, weight, step, p, q)` returns f(x, weight), where f is linear in x and `step` is 0.
    Its derivative with respect to the step is p q.
    """

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
        is_number = isinstance(p, float)
        ctx.p = p if is_number else None
        ctx.save_for_forward(weight, q, *([] if is_number else [p]))
        ctx.set_materialize_grads(False)

    @staticmethod
    def jvp(
        ctx: Any,
        _: None,
        x_tangent: Tensor | None,
        weight_tangent: None,
        step_tangent: Tensor,
        *unused_tangents: Any,
    ) -> Tensor:
        weight, q, *saved_p = ctx.saved_tensors
        p = step_tangent * (saved_p[0] if saved_p else ctx.p)
        if x_tangent is None:
            return p * q
        return torch.addcmul(ctx.f(x_tangent, weight), p, q)

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[Any, ...],
        f: Any,
        x: Tensor,
        weight: Tensor,
        *unused_inputs: Any,
    ) -> tuple[Tensor, int | None]:
        # The value of f does not depend on the direction, so all directions share it.
        return _vmap(in_dims, f, x, weight)


class RestingLinear(torch.autograd.Function):
    """Linear map whose weight has no tangent.

    `apply(f, x, weight)` returns f(x, weight), where f is linear in x. A tangent dx of x gives the
    tangent f(dx, weight).
    """

    @staticmethod
    def forward(f: Callable[..., Tensor], x: Tensor, weight: Tensor) -> Tensor:
        return f(x, weight)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.f, _, weight = inputs
        ctx.save_for_forward(weight)
        ctx.set_materialize_grads(False)

    @staticmethod
    def jvp(ctx: Any, _: None, x_tangent: Tensor, weight_tangent: None) -> Tensor:
        (weight,) = ctx.saved_tensors
        tangent: Tensor = ctx.f(x_tangent, weight)
        return tangent

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], f: Any, x: Tensor, weight: Tensor
    ) -> tuple[Tensor, int | None]:
        return _vmap(in_dims, f, x, weight)


def _vmap(
    in_dims: tuple[Any, ...], f: Callable[..., Tensor], x: Tensor, weight: Tensor
) -> tuple[Tensor, int | None]:
    axes = in_dims[1:3]
    if axes == (None, None):
        return f(x, weight), None
    return torch.func.vmap(f, axes)(x, weight), 0
