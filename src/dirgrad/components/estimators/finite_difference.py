from typing import Annotated, Literal

from pydantic import PositiveFloat, PositiveInt

from dirgrad.components.estimators._averaging import average_over_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core.closed_forms import Shares, mean_signal_to_noise
from dirgrad.core.perturbation import loss_after_step
from dirgrad.core.types import Array, Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class FiniteDifference:
    """Finite differences along random directions.

    Estimates: The gradient g is approximated by (1/K) sum_j s_j v_j. With the scheme `forward`,
        the slope s_j is (f(x + eps v_j) - f(x)) / eps. With the scheme `central`, it is
        (f(x + eps v_j) - f(x - eps v_j)) / (2 eps).
    Cost: It evaluates the loss K + 1 times (`forward`) or 2 K times (`central`).
    Error: Along one v the truncation error is (eps/2) v^T H v (`forward`) or
        (eps^2/6) D^3 f[v, v, v] (`central`). Rounding adds about u |f| / eps, where u is the unit
        roundoff. If v is symmetric, both schemes have the same mean: the gradient of a smoothed f,
        which differs from g by O(eps^2).
    Assumes: The directions satisfy E[v v^T] = I.
    """

    direction: Annotated[Direction, component_field("directions")]
    """Law of the directions v."""
    scheme: Literal["forward", "central"]
    """One-sided (`forward`) or two-sided (`central`) differences."""
    eps: PositiveFloat
    """Step size along a direction of length about sqrt(d). A smaller step reduces the truncation
    error, a larger one the rounding error in float32."""
    num_directions: PositiveInt = 1
    """K, the number of directions averaged in one estimate."""

    @property
    def evaluations(self) -> int:
        if self.scheme == "forward":
            return self.num_directions + 1
        return 2 * self.num_directions

    def estimate(
        self,
        ops: Ops,
        loss: Loss,
        params: Params,
        sampler: DirectionSampler,
    ) -> Estimate:
        def perturbed_loss(step: float, v: Params) -> Array:
            return loss_after_step(ops, loss, params, v, step)

        def central(v: Params) -> tuple[Array, Array]:
            above = perturbed_loss(self.eps, v)
            below = perturbed_loss(-self.eps, v)
            return (above + below) / 2, (above - below) / (2 * self.eps)

        if self.scheme == "central":
            return average_over_directions(ops, central, sampler, params, self.num_directions)

        # The K forward differences share this value.
        value = loss(params)

        def forward(v: Params) -> tuple[Array, Array]:
            return value, (perturbed_loss(self.eps, v) - value) / self.eps

        return average_over_directions(ops, forward, sampler, params, self.num_directions)

    def signal_to_noise(self, shares: Shares) -> float:
        """Return K / (d + the excess of the mean over K directions)."""
        return mean_signal_to_noise(self.direction, self.num_directions, shares)

    def least_products(self, derivative: float) -> float:
        """Return the number of evaluations of the loss."""
        return float(self.evaluations)
