from typing import Annotated, Literal

from pydantic import PositiveFloat, PositiveInt

from dirgrad.components.estimators._averaging import average_over_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core.perturbation import perturb
from dirgrad.core.types import Array, Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class FiniteDifference:
    """Finite differences along random directions.

    Approximates: g by (1/K) sum_j s_j v_j, where s_j is, of scheme `forward`, (f(x + eps v_j) - f(x)) / eps and,
        of scheme `central`, (f(x + eps v_j) - f(x - eps v_j)) / (2 eps).
    With: K + 1 evaluations (forward) or 2 K (central).
    Error along one v: (eps/2) v^T H v (forward) or (eps^2/6) D^3 f[v, v, v] (central), and rounding of about u |f| / eps,
        where u is the unit roundoff. For symmetric v both have the same mean: the gradient of a smoothed f, off by O(eps^2).
    Requires: E[v v^T] = I.
    """

    direction: Annotated[Direction, component_field("directions")]
    """The law of the directions v."""
    scheme: Literal["forward", "central"]
    """One-sided or two-sided differences."""
    eps: PositiveFloat
    """The step along a direction, whose length is about sqrt(d): small enough for the error above, large enough for float32."""
    num_directions: PositiveInt = 1
    """K, the number of directions averaged in one estimate."""

    @property
    def evaluations(self) -> int:
        return self.num_directions + 1 if self.scheme == "forward" else 2 * self.num_directions

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: DirectionSampler) -> Estimate:
        def at(step: float, v: Params) -> Array:
            return loss(perturb(ops, params, v, step))

        def central(v: Params) -> tuple[Array, Array]:
            ahead, behind = at(self.eps, v), at(-self.eps, v)
            return (ahead + behind) / 2, (ahead - behind) / (2 * self.eps)

        if self.scheme == "central":
            return average_over_directions(ops, central, source, params, self.num_directions)
        here = loss(params)
        return average_over_directions(
            ops,
            lambda v: (here, (at(self.eps, v) - here) / self.eps),
            source,
            params,
            self.num_directions,
        )
