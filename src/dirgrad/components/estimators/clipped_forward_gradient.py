from math import nan
from typing import Annotated

from pydantic import PositiveFloat, PositiveInt

from dirgrad.components.estimators._averaging import average_over_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core.closed_forms import Shares
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Array, Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class ClippedForwardGradient:
    """Forward gradient with clipped slopes, a published remedy for its heavy tail.

    Estimates: The gradient g is approximated by (1/K) sum_j clip(g . v_j) v_j. The estimate is
        biased towards 0 if slopes exceed the bound.
    Cost: It takes K forward-mode passes.
    Assumes: The directions satisfy E[v v^T] = I.
    """

    direction: Annotated[Direction, component_field("directions")]
    """Law of the directions v."""
    bound: PositiveFloat
    """Slopes are clipped to [-bound, bound]. Published reimplementations use 1 and 5."""
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
        def differentiate(v: Params) -> tuple[Array, Array]:
            value, slope = directional_derivative(ops, loss, params, v)
            return value, ops.clip(slope, self.bound)

        return average_over_directions(ops, differentiate, sampler, params, self.num_directions)

    def expected_projection(self, shares: Shares) -> float:
        """Return NaN: clipping makes the mean smaller by an unknown factor."""
        return nan
