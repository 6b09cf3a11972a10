from math import nan
from typing import Annotated, Literal

from pydantic import PositiveFloat, PositiveInt

from dirgrad.components.estimators._averaging import sum_over_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core.closed_forms import Shares, least_products_of_evaluations
from dirgrad.core.perturbation import loss_after_step
from dirgrad.core.types import Array, Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class PopulationDifference:
    """Differences along N directions, divided by the standard deviation of their losses.

    With `forward` this is the normalization of FZOO (Dang et al. 2025, arXiv 2506.09034), which we
    know from a summary. With `central` it is the normalization of EGGROLL (Sarkar et al. 2025,
    arXiv 2511.16652): the losses of opposite directions, as z-scores. Its authors add 1e-5 to the
    variance, and take low-rank directions.

    Estimates: The estimate is (1/N) sum_i (s_i / sigma) v_i, where sigma is the standard deviation
        of all losses at moved parameters. With `forward`, s_i is f(x + eps v_i) - f(x). With
        `central`, it is (f(x + eps v_i) - f(x - eps v_i)) / 2.
    Cost: It evaluates the loss N + 1 times (`forward`) or 2 N times (`central`).
    Error: The estimate does not depend on the scale of the loss. For Gaussian directions and a
        small eps, its mean is c g / ||g||, where g is the gradient. The constant c is
        (N - 1) / sqrt(2 N) Gamma(N/2 - 1) / Gamma((N - 1)/2) with `forward`, and
        sqrt(2/N) Gamma((N + 1)/2) / Gamma(N/2) with `central`. Both tend to 1 for large N. So SGD
        takes steps whose mean length is about the learning rate, also near a minimum.
    Assumes: The directions satisfy E[v v^T] = I. If all losses are equal, the estimate is 0.

    Derivation: s_i = eps ||g|| z_i with independent normal z_i. With `forward`, let t be the
    standard deviation of the z_i. Along g the estimate is mean(z^2) / t = t + mean(z)^2 / t. Here
    sqrt(N) t has the chi distribution with N - 1 degrees of freedom, independently of mean(z). For
    N < 3 the mean is infinite. With `central`, the mean of all losses is f(x), and the estimate
    along g is sqrt(mean(z^2)).
    """

    direction: Annotated[Direction, component_field("directions")]
    """Law of the directions v."""
    scheme: Literal["forward", "central"]
    """One-sided differences from f(x) (`forward`) or pairs of opposite directions (`central`)."""
    eps: PositiveFloat
    """Step size along a direction of length about sqrt(d)."""
    num_directions: PositiveInt = 8
    """N, the number of directions. `forward` needs at least 3."""

    def __post_init__(self) -> None:
        if self.scheme == "forward" and self.num_directions < 3:
            raise ValueError(
                f"num_directions = {self.num_directions} is too few for the scheme forward: the "
                "mean over the standard deviation of 2 losses is infinite, so give 3 or more"
            )

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
        value = loss(params) if self.scheme == "forward" else None

        def differentiate(v: Params) -> tuple[Array, Array]:
            above = loss_after_step(ops, loss, params, v, self.eps)
            if value is not None:
                return above, above - value
            below = loss_after_step(ops, loss, params, v, -self.eps)
            return (above + below) / 2, (above - below) / 2

        losses, slopes, total = sum_over_directions(
            ops, differentiate, sampler, params, self.num_directions
        )
        mean_loss = ops.mean(losses)
        deviations = losses - mean_loss
        variance = ops.mean(deviations * deviations)
        if value is None:
            variance = variance + ops.mean(slopes * slopes)
        is_positive = variance > 0
        deviation = ops.sqrt(ops.where(is_positive, variance, ops.zeros_like(variance) + 1))
        scale = ops.where(is_positive, 1 / (self.num_directions * deviation), 0 * deviation)
        return Estimate(mean_loss if value is None else value, scale, total)

    def expected_projection(self, shares: Shares) -> float:
        """Return NaN: the mean is a multiple of g / ||g||, and not of g."""
        return nan

    def least_products(self, derivative: float) -> float:
        """Return the least number of products for the evaluations of the loss."""
        return least_products_of_evaluations(self.direction, self.evaluations, derivative)
