from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences
from dirgrad.core.recurrent import SequencePosition, VectorSampler
from dirgrad.core.types import Estimate, Ops, Params


@component
class TruncatedBptt:
    """Truncated backpropagation through time: after each window its gradient, from a state that is taken as given.

    Approximates: the gradient, without what reaches beyond the window. With: activations of one window.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    evaluations: ClassVar[int] = 1
    window: PositiveInt
    """W, the steps of a window. Divides the length of the sequence."""

    def init(self, ops: Ops, params: Params) -> Any:
        return ()

    def start(self, ops: Ops, place: SequencePosition, past: Any, draw: VectorSampler) -> Any:
        return ()

    def estimate(
        self, ops: Ops, place: SequencePosition, past: Any, carried: Any, draw: VectorSampler
    ) -> tuple[Estimate, Params, Any, Any]:
        loss, state, gradient = sequences.window_gradient(ops, place)
        return Estimate(loss, 1.0, gradient), state, past, carried
