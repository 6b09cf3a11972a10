"""Count of floating-point operations of a function."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, flop_registry


def _count_as(product: Any) -> Callable[..., int]:
    """Return the formula of a product, from the shapes of its arguments."""

    def count(*shapes: Any, out_shape: Any, **options: Any) -> int:
        flops: int = flop_registry[product](*shapes, **options)
        return flops

    return count


IN_PLACE = {
    torch.ops.aten.addmm_: _count_as(torch.ops.aten.addmm),
    torch.ops.aten.baddbmm_: _count_as(torch.ops.aten.baddbmm),
}
"""Formulas of products that overwrite their first argument, which torch itself does not count."""


def count_flops(f: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, int]:
    """Call f and count its operations.

    Returns:
        `flops` and `product_flops`. Both are equal, because torch counts only matrix products and
        convolutions.
    """
    with FlopCounterMode(display=False, custom_mapping=IN_PLACE) as counter:
        f(*arguments)
    flops = counter.get_total_flops()
    return {"flops": flops, "product_flops": flops}
