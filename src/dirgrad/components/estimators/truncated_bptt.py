from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences
from dirgrad.core.recurrent import Draw, Place
from dirgrad.core.types import Estimate, Ops, Params


@component
class TruncatedBptt:
    """Truncated backpropagation through time: after each window its gradient, from a state that is taken as given.

    Approximates: the gradient, without what reaches beyond the window. With: activations of one window.
    """

    direction: ClassVar[None] = None
    directions_k: ClassVar[int] = 0
    evaluations: ClassVar[int] = 1
    window: PositiveInt
    """W, the steps of a window. Divides the length of the sequence."""

    def remember(self, ops: Ops, params: Params) -> Any:
        return ()

    def begin(self, ops: Ops, place: Place, past: Any, draw: Draw) -> Any:
        return ()

    def estimate(self, ops: Ops, place: Place, past: Any, carried: Any, draw: Draw) -> tuple[Estimate, Params, Any, Any]:
        loss, state, gradient = sequences.gradient(ops, place)
        return Estimate(loss, 1.0, gradient), state, past, carried
