from typing import Annotated, ClassVar

from pydantic import PositiveFloat

from dirgrad.components.registry import component, component_field
from dirgrad.core import tree
from dirgrad.core.types import Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class Mezo:
    """Central differences by walking: the parameters themselves are moved by +eps v, by -2 eps v and back by +eps v, each time
    with v drawn anew, so that neither they nor v are held twice (Malladi et al. 2023, Algorithm 1).

    Approximates: g by s v with s = (f(x + eps v) - f(x - eps v)) / (2 eps).
    With: two evaluations, at the memory of inference if the direction is `replayed`.
    Error along v: (eps^2/6) D^3 f[v, v, v], and rounding of about u |f| / eps; the way back is inexact by rounding too.
    Requires: E[v v^T] = I.
    """

    num_directions: ClassVar[int] = 1
    evaluations: ClassVar[int] = 2
    direction: Annotated[Direction, component_field("directions")]
    """The law of the directions v."""
    eps: PositiveFloat
    """The step along a direction, whose length is about sqrt(d)."""

    def estimate(self, ops: Ops, loss: Loss, params: Params, source: DirectionSampler) -> Estimate:
        v = source(0)
        ahead = tree.axpy(ops, self.eps, v, params)
        above = loss(ahead)
        v = tree.depend_on(ops, above, v)
        behind = tree.axpy(ops, -2 * self.eps, v, ahead)
        below = loss(behind)
        v = tree.depend_on(ops, below, v)
        slope = (above - below) / (2 * self.eps)
        return Estimate((above + below) / 2, slope, v, tree.axpy(ops, self.eps, v, behind))
