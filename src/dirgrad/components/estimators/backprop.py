from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core.types import DirectionSampler, Estimate, Loss, Ops, Params


@component
class Backprop:
    """The gradient itself, by reverse accumulation.

    Approximates: nothing. With: one primal pass whose activations are kept, one reverse pass. Requires: no direction.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    evaluations: ClassVar[int] = 1

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: DirectionSampler) -> Estimate:
        value, gradient = ops.value_and_grad(loss)(params)
        return Estimate(value, 1.0, gradient)
