from typing import Annotated

from pydantic import PositiveInt

from dirgrad.components.estimators._averaging import average_over_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class ForwardGradient:
    """The forward gradient (Baydin et al. 2022, Algorithm 1).

    Approximates: g by (1/K) sum_j (g . v_j) v_j, without bias.
    With: K passes of forward accumulation, each giving the loss and its exact directional derivative at once.
    Requires: E[v v^T] = I.
    """

    direction: Annotated[Direction, component_field("directions")]
    """The law of the directions v."""
    num_directions: PositiveInt = 1
    """K, the number of directions averaged in one estimate."""

    @property
    def evaluations(self) -> int:
        return self.num_directions

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: DirectionSampler) -> Estimate:
        return average_over_directions(
            ops,
            lambda v: directional_derivative(ops, loss, params, v),
            source,
            params,
            self.num_directions,
        )
