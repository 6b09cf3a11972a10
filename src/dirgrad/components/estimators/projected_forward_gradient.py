from typing import Annotated, Literal

from pydantic import PositiveInt

from dirgrad.components.estimators._averaging import jvp_batch
from dirgrad.components.registry import component, component_field
from dirgrad.core import tree
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class ProjectedForwardGradient:
    """The gradient's orthogonal projection on K directions (Fluegel et al. 2024, FROG): what of it they tell, and no more.

    Approximates: g by c B (B^T B)^+ B^T g, where B has the directions as columns; with c = d/K without bias if these are Gaussian.
    With: one pass of K tangents. B^T B is made from the directions' factors: of directions of rank one no array of d x K is formed.
    Requires: K at most d.
    """

    direction: Annotated[Direction, component_field("directions")]
    """The law of the directions v."""
    num_directions: PositiveInt
    """K, the number of directions."""
    scale: Literal["projection", "unbiased"] = "projection"
    """c = 1, or d/K."""

    @property
    def evaluations(self) -> int:
        return self.num_directions

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: DirectionSampler) -> Estimate:
        vs, value, slopes = jvp_batch(
            ops, lambda v: directional_derivative(ops, loss, params, v), source, self.num_directions
        )
        found = tree.weighted_sum(ops.solve(tree.gram(vs), slopes), vs)
        return Estimate(
            value,
            tree.size(params) / self.num_directions if self.scale == "unbiased" else 1.0,
            found,
        )
