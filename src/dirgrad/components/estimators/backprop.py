from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core.types import DirectionSampler, Estimate, Loss, Ops, Params


@component
class Backprop:
    """Backpropagation, which is reverse-mode differentiation of the loss.

    Estimates: The result is the exact gradient.
    Cost: It takes one forward pass, whose activations are stored, and one backward pass.
    Assumes: It needs no directions.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    is_exact: ClassVar[bool] = True
    evaluations: ClassVar[int] = 1

    def estimate(
        self,
        ops: Ops,
        loss: Loss,
        params: Params,
        sampler: DirectionSampler,
    ) -> Estimate:
        value, gradient = ops.value_and_grad(loss)(params)
        return Estimate(value, 1.0, gradient)

    def least_products(self, derivative: float) -> float:
        """Return one evaluation of the loss plus one derivative."""
        return 1 + derivative
