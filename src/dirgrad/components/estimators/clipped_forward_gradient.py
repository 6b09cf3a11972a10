from typing import Annotated

from pydantic import PositiveFloat, PositiveInt

from dirgrad.components.estimators._averaging import average_over_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Array, Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class ClippedForwardGradient:
    """The forward gradient with its slopes clipped, as others have tamed its heavy tail.

    Approximates: g by (1/K) sum_j clip(g . v_j) v_j, with a bias towards 0 where slopes are beyond the bound.
    With: K passes of forward accumulation.
    Requires: E[v v^T] = I.
    """

    direction: Annotated[Direction, component_field("directions")]
    """The law of the directions v."""
    bound: PositiveFloat
    """Slopes are moved into [-bound, bound]; published reimplementations have taken 1 and 5."""
    num_directions: PositiveInt = 1
    """K, the number of directions averaged in one estimate."""

    @property
    def evaluations(self) -> int:
        return self.num_directions

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: DirectionSampler) -> Estimate:
        def along(v: Params) -> tuple[Array, Array]:
            value, slope = directional_derivative(ops, loss, params, v)
            return value, ops.clip(slope, self.bound)

        return average_over_directions(ops, along, source, params, self.num_directions)
