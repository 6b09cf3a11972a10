from math import nan
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core import local_losses
from dirgrad.core.closed_forms import Shares
from dirgrad.core.types import Batch, Estimate, Ops, Params, Problem, VectorSampler


@component
class LocalBackprop:
    """Backpropagation within every block, whose loss is its own (Belilovsky et al. 2019).

    Estimates: The loss of a block is the criterion of the block's own head. The result is the exact
        gradient of this loss with respect to the parameters of the block and of its head. It
        differs from the gradient of the network's loss, except in the last block.
    Cost: It takes one forward pass and one backward pass per block, which stores the activations of
        one block at a time.
    Assumes: It needs no directions. The problem has heads, as `mlp_with_heads` has.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    is_exact: ClassVar[bool] = False
    evaluations: ClassVar[int] = 1

    def estimate_minibatch(
        self, ops: Ops, problem: Problem, params: Params, batch: Batch, draw: VectorSampler
    ) -> Estimate:
        loss, gradient = local_losses.gradient(ops, problem, params, batch)
        return Estimate(loss, 1.0, gradient)

    def expected_projection(self, shares: Shares) -> float:
        """Return NaN: the gradient of local losses differs from the network's gradient."""
        return nan
