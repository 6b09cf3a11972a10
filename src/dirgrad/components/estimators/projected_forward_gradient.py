from functools import partial
from math import nan
from typing import Annotated, Literal

from pydantic import PositiveInt

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators._averaging import jvp_batch
from dirgrad.components.registry import component, component_field
from dirgrad.core import theory, tree
from dirgrad.core.closed_forms import Shares, dimension, least_products_of_tangents
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class ProjectedForwardGradient:
    """Orthogonal projection of the gradient onto K directions (Fluegel et al. 2024, FROG).

    Estimates: The gradient g is approximated by c B (B^T B)^+ B^T g, where the columns of B are
        the directions. With c = d/K the estimate is unbiased for Gaussian directions.
    Cost: It takes one forward-mode pass with K tangents and stores the K directions, also if they
        are `replayed`. The factors of the directions give B^T B, so rank-one directions need no
        d x K array.
    Assumes: K is at most d, the number of parameters. The estimator refuses a larger K.
    """

    direction: Annotated[Direction, component_field("directions")]
    """Law of the directions v."""
    num_directions: PositiveInt
    """K, the number of directions."""
    scale: Literal["projection", "unbiased"] = "projection"
    """The constant c: 1 for `projection`, d/K for `unbiased`."""

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
        d = tree.num_entries(params)
        if self.num_directions > d:
            raise NotImplementedError(
                f"num_directions = {self.num_directions} is more than the {d} parameters: a "
                "projection needs at most as many directions as parameters"
            )
        differentiate = partial(directional_derivative, ops, loss, params)
        directions, losses, slopes = jvp_batch(ops, differentiate, sampler, self.num_directions)
        weights = ops.solve(tree.gram(directions), slopes)
        projection = tree.weighted_sum(weights, directions)
        scale = 1.0
        if self.scale == "unbiased":
            scale = d / self.num_directions
        return Estimate(ops.mean(losses), scale, projection)

    def expected_projection(self, shares: Shares) -> float:
        """Return K/d for Gaussian directions, or 1 with the constant d/K.

        The result is NaN under another law and for K > d, which the estimator refuses.
        """
        if not isinstance(self.direction, Gaussian) or self.num_directions > dimension(shares):
            return nan
        return 1.0 if self.scale == "unbiased" else self.num_directions / dimension(shares)

    def signal_to_noise(self, shares: Shares) -> float:
        """Return the SNR of the projection on K Gaussian directions; NaN under another law."""
        if not isinstance(self.direction, Gaussian):
            return nan
        d = dimension(shares)
        return theory.projected_signal_to_noise(self.scale, self.num_directions, d)

    def least_products(self, derivative: float) -> float:
        """Return 1 + K tangents, since the directions share the evaluation of the loss."""
        return least_products_of_tangents(self.direction, self.num_directions, derivative)
