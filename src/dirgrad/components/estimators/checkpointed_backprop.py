from typing import ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core.checkpointing import checkpointed
from dirgrad.core.types import DirectionSampler, Estimate, Loss, Ops, Params


@component
class CheckpointedBackprop:
    """Backpropagation with gradient checkpointing.

    It stores one activation per segment of layers and recomputes each segment in the backward pass.

    Estimates: The result is the exact gradient.
    Cost: It takes two forward passes and one backward pass.
    Assumes: The problem has sequential layers. For any other problem it equals `backprop`.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    is_exact: ClassVar[bool] = True
    evaluations: ClassVar[int] = 2
    segment: PositiveInt
    """Number of layers per segment. About the square root of the depth needs the least memory."""

    def estimate(
        self,
        ops: Ops,
        loss: Loss,
        params: Params,
        sampler: DirectionSampler,
    ) -> Estimate:
        recomputing_loss = checkpointed(loss, self.segment)
        value, gradient = ops.value_and_grad(recomputing_loss)(params)
        return Estimate(value, 1.0, gradient)
