from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Batch, Ops, Params


@component
class TruncatedGradient:
    """Approximate gradient by truncated backpropagation through time.

    It is the sum of the gradients of all windows, each with the state before it held constant.
    """

    direction: ClassVar[None] = None
    unbiased: ClassVar[bool] = False
    uses_average: ClassVar[bool] = False
    sequence_passes: ClassVar[int] = 1
    truncation: PositiveInt
    """Number of steps per window. It must divide the number of remaining steps."""

    def propose(
        self,
        ops: Ops,
        position: SequencePosition,
        average: Any,
        draw: Callable[[], Params],
    ) -> Params:
        def add(
            carry: tuple[Params, Params],
            window: Batch,
        ) -> tuple[tuple[Params, Params], tuple[()]]:
            state, total = carry
            window_start = position._replace(state=state, remaining=window)
            _, state, gradient = sequences.window_gradient(ops, window_start)
            return (state, tree.axpy(ops, 1.0, gradient, total)), ()

        zero = tree.map(ops.zeros_like, position.params)
        windows = sequences.split_windows(position.remaining, self.truncation)
        carry, _ = ops.scan(add, (position.state, zero), windows)
        gradient: Params = carry[1]
        return gradient
