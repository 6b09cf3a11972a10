from typing import Annotated

from pydantic import PositiveInt

from dirgrad.components.estimators._averaging import average
from dirgrad.components.registry import component, reference
from dirgrad.core.perturbation import derivative
from dirgrad.core.types import Direction, Estimate, Loss, Ops, Params, Source


@component
class ForwardGradient:
    """The forward gradient (Baydin et al. 2022, Algorithm 1).

    Approximates: g by (1/K) sum_j (g . v_j) v_j, without bias.
    With: K passes of forward accumulation, each giving the loss and its exact directional derivative at once.
    Requires: E[v v^T] = I.
    """

    direction: Annotated[Direction, reference("directions")]
    """The law of the directions v."""
    directions_k: PositiveInt = 1
    """K, the number of directions averaged in one estimate."""

    @property
    def evaluations(self) -> int:
        return self.directions_k

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: Source) -> Estimate:
        return average(ops, lambda v: derivative(ops, loss, params, v), source, params, self.directions_k)
