from typing import Annotated, ClassVar

from pydantic import PositiveFloat

from dirgrad.components.registry import component, component_field
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares, mean_signal_to_noise
from dirgrad.core.types import Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class Mezo:
    """Central differences that move the parameters in place (Malladi et al. 2023, Algorithm 1).

    The parameters move by +eps v, by -2 eps v, and back by +eps v. The direction v is redrawn for
    each move, so that neither v nor a second copy of the parameters is stored.

    Estimates: The gradient g is approximated by s v with s = (f(x + eps v) - f(x - eps v)) /
        (2 eps).
    Cost: It evaluates the loss twice. If the direction is `replayed`, it needs only the memory of
        inference.
    Error: Along v the truncation error is (eps^2/6) D^3 f[v, v, v]. Rounding adds about
        u |f| / eps, where u is the unit roundoff, and also makes the move back inexact.
    Assumes: The directions satisfy E[v v^T] = I.
    """

    num_directions: ClassVar[int] = 1
    evaluations: ClassVar[int] = 2
    direction: Annotated[Direction, component_field("directions")]
    """Law of the directions v."""
    eps: PositiveFloat
    """Step size along a direction of length about sqrt(d)."""

    def estimate(
        self,
        ops: Ops,
        loss: Loss,
        params: Params,
        sampler: DirectionSampler,
    ) -> Estimate:
        v = sampler(0)
        forward_params = tree.axpy(ops, self.eps, v, params)
        above = loss(forward_params)
        # The dependency makes a replayed v be drawn again instead of stored.
        v = tree.depend_on(ops, above, v)
        backward_params = tree.axpy(ops, -2 * self.eps, v, forward_params)
        below = loss(backward_params)
        v = tree.depend_on(ops, below, v)
        slope = (above - below) / (2 * self.eps)
        mean_loss = (above + below) / 2
        restored_params = tree.axpy(ops, self.eps, v, backward_params)
        return Estimate(mean_loss, slope, v, restored_params)

    def signal_to_noise(self, shares: Shares) -> float:
        """Return K / (d + excess)."""
        return mean_signal_to_noise(self.direction, self.num_directions, shares)

    def least_products(self, derivative: float) -> float:
        """Return the number of evaluations of the loss."""
        return float(self.evaluations)
