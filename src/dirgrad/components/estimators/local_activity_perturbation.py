from math import nan
from typing import Annotated, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component, component_field
from dirgrad.core import activity_noise, blocks
from dirgrad.core.closed_forms import Shares
from dirgrad.core.types import Batch, Direction, Estimate, Ops, Params, Problem, VectorSampler


@component
class LocalActivityPerturbation:
    """Noise on the activities, where every block has a loss of its own (Ren et al. 2022).

    Estimates: The loss of a block is the criterion of the block's own head. The gradient of this
        loss with respect to the parameters of the block and of its head is approximated without
        bias, as in `activity_perturbation`. It differs from the gradient of the network's loss,
        except in the last block. A slope sees the noise of one block only.
    Cost: It takes one pass, K passes in forward mode through the blocks behind their first layers,
        and one product per layer. The inputs of all layers stay in memory until the update.
    Assumes: The noise satisfies E[u u^T] = I. The loss is a mean over the examples. The problem has
        heads, as `mlp_with_heads` has. Every layer is `x @ w + b` or `perturbation.conv2d`.
    """

    direction: Annotated[Direction, component_field("directions")]
    """Law of the noise u, which is drawn like the activities of the whole minibatch."""
    num_directions: PositiveInt = 1
    """K, the number of noise vectors per example averaged in one estimate."""
    is_exact: ClassVar[bool] = False

    @property
    def evaluations(self) -> int:
        return self.num_directions

    def estimate_minibatch(
        self, ops: Ops, problem: Problem, params: Params, batch: Batch, draw: VectorSampler
    ) -> Estimate:
        chain = blocks.of_problem(problem)
        return activity_noise.estimate(
            ops, problem, chain, params, batch, draw, self.num_directions
        )

    def expected_projection(self, shares: Shares) -> float:
        """Return NaN: the gradient of local losses differs from the network's gradient."""
        return nan
