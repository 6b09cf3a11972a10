from typing import Annotated

from pydantic import PositiveFloat, PositiveInt

from dirgrad.components.estimators._averaging import average
from dirgrad.components.registry import component, reference
from dirgrad.core.perturbation import derivative
from dirgrad.core.types import Array, Direction, Estimate, Loss, Ops, Params, Source


@component
class ClippedForwardGradient:
    """The forward gradient with its slopes clipped, as others have tamed its heavy tail.

    Approximates: g by (1/K) sum_j clip(g . v_j) v_j, with a bias towards 0 where slopes are beyond the bound.
    With: K passes of forward accumulation.
    Requires: E[v v^T] = I.
    """

    direction: Annotated[Direction, reference("directions")]
    """The law of the directions v."""
    bound: PositiveFloat
    """Slopes are moved into [-bound, bound]; published reimplementations have taken 1 and 5."""
    directions_k: PositiveInt = 1
    """K, the number of directions averaged in one estimate."""

    @property
    def evaluations(self) -> int:
        return self.directions_k

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: Source) -> Estimate:
        def along(v: Params) -> tuple[Array, Array]:
            value, slope = derivative(ops, loss, params, v)
            return value, ops.clip(slope, self.bound)

        return average(ops, along, source, params, self.directions_k)
