from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Batch, Ops, Params


@component
class TruncatedGradient:
    """The gradient by truncated backpropagation through time: the sum over windows, each from a state that is taken as given."""

    direction: ClassVar[None] = None
    unbiased: ClassVar[bool] = False
    uses_average: ClassVar[bool] = False
    sequence_passes: ClassVar[int] = 1
    truncation: PositiveInt
    """Steps of a window; divides those ahead."""

    def propose(
        self, ops: Ops, place: SequencePosition, past: Any, draw: Callable[[], Params]
    ) -> Params:
        def add(
            carry: tuple[Params, Params], ahead: Batch
        ) -> tuple[tuple[Params, Params], tuple[()]]:
            state, total = carry
            _, state, found = sequences.window_gradient(
                ops, place._replace(state=state, remaining=ahead)
            )
            return (state, tree.axpy(ops, 1.0, found, total)), ()

        nothing = tree.map(ops.zeros_like, place.params)
        (_, total), _ = ops.scan(
            add, (place.state, nothing), sequences.split_windows(place.remaining, self.truncation)
        )
        summed: Params = total
        return summed
