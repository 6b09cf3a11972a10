from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core.types import Estimate, Loss, Ops, Params, Source


@component
class Backprop:
    """The gradient itself, by reverse accumulation.

    Approximates: nothing. With: one primal pass whose activations are kept, one reverse pass. Requires: no direction.
    """

    direction: ClassVar[None] = None
    directions_k: ClassVar[int] = 0
    evaluations: ClassVar[int] = 1

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: Source) -> Estimate:
        value, gradient = ops.value_and_grad(loss)(params)
        return Estimate(value, 1.0, gradient)
