from functools import partial
from typing import Annotated, ClassVar

from pydantic import PositiveInt

from dirgrad.components.estimators._averaging import average_over_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core.closed_forms import Shares, least_products_of_tangents, mean_signal_to_noise
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class ForwardGradient:
    """Forward gradient (Baydin et al. 2022, Algorithm 1).

    Estimates: The gradient g is approximated without bias by (1/K) sum_j (g . v_j) v_j.
    Cost: It takes K forward-mode passes. Each pass gives the loss and its exact directional
        derivative.
    Assumes: The directions satisfy E[v v^T] = I.
    """

    is_exact: ClassVar[bool] = True

    direction: Annotated[Direction, component_field("directions")]
    """Law of the directions v."""
    num_directions: PositiveInt = 1
    """K, the number of directions averaged in one estimate."""

    @property
    def evaluations(self) -> int:
        return self.num_directions

    def estimate(
        self,
        ops: Ops,
        loss: Loss,
        params: Params,
        sampler: DirectionSampler,
    ) -> Estimate:
        differentiate = partial(directional_derivative, ops, loss, params)
        return average_over_directions(ops, differentiate, sampler, params, self.num_directions)

    def signal_to_noise(self, shares: Shares) -> float:
        """Return K / (d + the excess of the mean over K directions)."""
        return mean_signal_to_noise(self.direction, self.num_directions, shares)

    def least_products(self, derivative: float) -> float:
        """Return 1 + K tangents, since the directions share the evaluation of the loss."""
        return least_products_of_tangents(self.direction, self.num_directions, derivative)
