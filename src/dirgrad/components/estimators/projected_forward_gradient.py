from typing import Annotated, Literal

from pydantic import PositiveInt

from dirgrad.components.estimators._averaging import looked_along
from dirgrad.components.registry import component, reference
from dirgrad.core import tree
from dirgrad.core.perturbation import derivative
from dirgrad.core.types import Direction, Estimate, Loss, Ops, Params, Source


@component
class ProjectedForwardGradient:
    """The gradient's orthogonal projection on K directions (Fluegel et al. 2024, FROG): what of it they tell, and no more.

    Approximates: g by c B (B^T B)^+ B^T g, where B has the directions as columns; with c = d/K without bias if these are Gaussian.
    With: one pass of K tangents. B^T B is made from the directions' factors: of directions of rank one no array of d x K is formed.
    Requires: K at most d.
    """

    direction: Annotated[Direction, reference("directions")]
    """The law of the directions v."""
    directions_k: PositiveInt
    """K, the number of directions."""
    scale: Literal["projection", "unbiased"] = "projection"
    """c = 1, or d/K."""

    @property
    def evaluations(self) -> int:
        return self.directions_k

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: Source) -> Estimate:
        vs, value, slopes = looked_along(ops, lambda v: derivative(ops, loss, params, v), source, self.directions_k)
        found = tree.combine(ops.solve(tree.gram(vs), slopes), vs)
        return Estimate(value, tree.size(params) / self.directions_k if self.scale == "unbiased" else 1.0, found)
