from functools import partial
from math import nan
from typing import Annotated

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt

from dirgrad.components.estimators._averaging import stacked_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.perturbation import loss_after_step
from dirgrad.core.types import Array, Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class HyperplaneSearch:
    """Newton's step in the span of K random directions, by forward mode (Cobb et al. 2024, FoMoH).

    The paper is arXiv 2408.10419. For K = 1 the step is a line search along v.

    Estimates: Let g be the gradient, H the Hessian, and v_j the columns of V. In the span,
        f(x + V s) has the gradient V^T g and the Hessian V^T H V at s = 0. Newton's direction is
        u = V (V^T H V)^+ V^T g, or u = v for K = 1. The estimate is
        (g . u) / (|u^T H u| + damping ||u||^2) u. So SGD with the learning rate 1 goes to the
        minimum of the quadratic model in the span, if the model has one.
    Cost: It takes one pass for each pair of directions, with a derivative of a derivative (JVP of
        JVP). It stores the K directions.
    Error: The estimate is a step and not an unbiased gradient. It is never uphill: its product
        with g is not negative. With negative curvature it has no other guarantee. If v^T H v takes
        both signs, the step has no mean, and without damping rare steps are huge.
    Assumes: The loss is twice differentiable. Where it has no curvature, as a piecewise linear
        loss, the estimate is 0. Only for K = 1 with damping it is (g . v) / (damping ||v||^2) v.

    The authors' code adds 1e-6 to |v^T H v|. For K > 1 it takes -u also where u leads uphill.
    """

    direction: Annotated[Direction, component_field("directions")]
    """Law of the directions v."""
    num_directions: PositiveInt = 1
    """K, the number of directions that span the plane."""
    damping: NonNegativeFloat = 0.0
    """Curvature that is added along u. A positive value limits the length of the estimate to
    ||g|| / damping, also where the curvature is almost 0."""

    @property
    def evaluations(self) -> int:
        return self.num_directions**2

    def estimate(
        self,
        ops: Ops,
        loss: Loss,
        params: Params,
        sampler: DirectionSampler,
    ) -> Estimate:
        if self.num_directions == 1:
            return self._line_search(ops, loss, params, sampler(0))
        directions = stacked_directions(ops, sampler, self.num_directions)

        def loss_in_span(s: Array) -> Array:
            return loss_after_step(ops, loss, params, tree.weighted_sum(s, directions), 1.0)

        like = tree.first_leaf(params)
        value, slopes, hessian = _derivatives(ops, loss_in_span, self.num_directions, like)
        weights = ops.solve(hessian, slopes)
        slope = ops.sum(weights * slopes)
        curvature = ops.sum(weights * (hessian @ weights))
        squared_norm = ops.sum(weights * (tree.gram(directions) @ weights)) if self.damping else 0.0
        scale = self._step_size(ops, slope, curvature, squared_norm)
        return Estimate(value, scale, tree.weighted_sum(weights, directions))

    def _line_search(self, ops: Ops, loss: Loss, params: Params, v: Params) -> Estimate:
        zero = ops.zeros((), tree.first_leaf(params))
        tangent = zero + 1

        def derivative(s: Array) -> tuple[Array, Array]:
            return ops.jvp(partial(loss_after_step, ops, loss, params, v), (s,), (tangent,))

        (value, slope), (_, curvature) = ops.jvp(derivative, (zero,), (tangent,))
        squared_norm = tree.dot(ops, v, v) if self.damping else 0.0
        scale = self._step_size(ops, slope, curvature, squared_norm)
        return Estimate(value, scale, tree.depend_on(ops, scale, v))

    def _step_size(
        self, ops: Ops, slope: Array, curvature: Array, squared_norm: Array | float
    ) -> Array:
        """Return the step to the minimum along u, or 0 if nothing limits it: ()."""
        denominator = ops.abs(curvature) + self.damping * squared_norm
        is_limited = denominator > 0
        positive = ops.where(is_limited, denominator, ops.zeros_like(denominator) + 1)
        return ops.where(is_limited, slope / positive, ops.zeros_like(slope))

    def expected_projection(self, shares: Shares) -> float:
        """Return NaN: the mean of the step depends on the Hessian."""
        return nan


def _derivatives(ops: Ops, f: Loss, count: int, like: Array) -> tuple[Array, Array, Array]:
    """Return f (), its gradient (count,) and its Hessian (count, count) at 0, by forward mode."""
    basis = ops.constant(np.eye(count), like)

    def gradient(s: Array) -> tuple[Array, Array]:
        values, slopes = ops.vmap(lambda e: ops.jvp(f, (s,), (e,)))(basis)
        return values, slopes

    def differentiate(e: Array) -> tuple[Array, Array, Array]:
        (values, slopes), (_, row) = ops.jvp(gradient, (ops.zeros((count,), like),), (e,))
        return values, slopes, row

    values, slopes, hessian = ops.vmap(differentiate)(basis)
    return ops.mean(values), slopes[0], hessian
