from typing import ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core.checkpointing import checkpointed
from dirgrad.core.types import DirectionSampler, Estimate, Loss, Ops, Params


@component
class CheckpointedBackprop:
    """Reverse accumulation that keeps one activation per segment of layers and runs each segment again on its way back.

    Approximates: nothing. With: two passes forward and one back; of a problem without layers one after another, it is backprop.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    evaluations: ClassVar[int] = 2
    segment: PositiveInt
    """Layers of a segment; least memory at about the root of their number."""

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: DirectionSampler) -> Estimate:
        value, gradient = ops.value_and_grad(checkpointed(loss, self.segment))(params)
        return Estimate(value, 1.0, gradient)
