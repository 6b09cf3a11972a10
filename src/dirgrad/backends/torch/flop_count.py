"""Count of floating-point operations of a function."""

from collections.abc import Callable
from typing import Any

from torch.utils.flop_counter import FlopCounterMode


def count_flops(f: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, int]:
    """Call f and count its operations.

    Returns:
        `flops` and `product_flops`. Both are equal, because torch counts only matrix products and
        convolutions.
    """
    with FlopCounterMode(display=False) as counter:
        f(*arguments)
    flops = counter.get_total_flops()
    return {"flops": flops, "product_flops": flops}
