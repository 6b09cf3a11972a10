from math import nan
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core import blocks, criterion, local_losses, perturbation, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.types import Array, Batch, Estimate, Ops, Params, Problem, VectorSampler


@component
class LocalGuess:
    """Projection on the gradients of local losses (Fournier et al. 2023, arXiv 2306.06968).

    Estimates: The gradient v_b of a block's own loss is a guess of the direction of the network's
        gradient g. An exact directional derivative of the network's loss along v_b gives the
        projection of g on v_b, which is ((g . v_b) / ||v_b||^2) v_b. The estimate of the block's
        gradient is this projection. It is exact in the last block and biased in the others. A head
        that takes no part in the network's loss follows the gradient of its own loss.
    Cost: It takes one forward pass with one backward pass per block, and one forward-mode pass per
        block.
    Assumes: It needs no directions. The problem has heads, as `mlp_with_heads` has.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    is_exact: ClassVar[bool] = False
    evaluations: ClassVar[int] = 1

    def estimate_minibatch(
        self, ops: Ops, problem: Problem, params: Params, batch: Batch, draw: VectorSampler
    ) -> Estimate:
        def loss(moved: Params) -> Array:
            return criterion.loss(problem, ops, moved, batch)

        chain = blocks.of_problem(problem)
        value, vector = local_losses.gradient(ops, problem, params, batch)
        for block in chain:
            names = block.names + (block.head_names if block is chain[-1] else ())
            guess = tree.normalize(ops, blocks.select(vector, names))
            _, slope = perturbation.derivative_along_part(ops, loss, params, guess)
            vector |= tree.scale(slope, guess)
        return Estimate(value, 1.0, vector)

    def expected_projection(self, shares: Shares) -> float:
        """Return NaN: the projection depends on how well local losses guess the gradient."""
        return nan
