"""Floating-point operations of a function."""

from collections.abc import Callable
from typing import Any

from torch.utils.flop_counter import FlopCounterMode


def counts(f: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, int]:
    """`flops` and `product_flops`, which are the same here: torch counts products of matrices and convolutions alone. Calls f."""
    with FlopCounterMode(display=False) as counter:
        f(*arguments)
    return {"flops": counter.get_total_flops(), "product_flops": counter.get_total_flops()}
