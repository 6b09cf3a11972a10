from typing import Annotated, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component, component_field
from dirgrad.core import activity_noise, blocks
from dirgrad.core.types import (
    Batch,
    Direction,
    Estimate,
    Ops,
    Params,
    Problem,
    VectorSampler,
)


@component
class ActivityPerturbation:
    """Forward gradient with noise on the activities (Ren et al. 2022, arXiv 2210.03310).

    Estimates: The activities of a layer with weight W are z_i = W^T x_i + b for example i. Noise
        u_i moves the activities of all layers, with its own values for each example. The slope s_i
        is the derivative of the loss of example i along its noise. The gradient with respect to W
        is approximated without bias by the mean over the examples of x_i (s_i u_i)^T, and the one
        with respect to b by the mean of s_i u_i.
    Cost: It takes one pass, K passes in forward mode and one product per layer. The inputs x_i of
        all layers stay in memory until the update, and so does one vector of noise.
    Assumes: The noise satisfies E[u u^T] = I. The loss is a mean over the examples. Every layer is
        `x @ w + b` or `perturbation.conv2d`.

    For independent entries with the fourth moment m, the variance of the entry (p, q) of W is
    the mean over the examples of x_ip^2 (||d_i||^2 + (m - 2) d_iq^2), divided by their number. The
    vector d_i holds the derivatives of the loss of example i with respect to its activities. So
    the noise grows with the number of units, and not with the number of weights.
    """

    direction: Annotated[Direction, component_field("directions")]
    """Law of the noise u, which is drawn like the activities of the whole minibatch."""
    num_directions: PositiveInt = 1
    """K, the number of noise vectors per example averaged in one estimate."""
    is_exact: ClassVar[bool] = False

    @property
    def evaluations(self) -> int:
        return self.num_directions

    def estimate_minibatch(
        self, ops: Ops, problem: Problem, params: Params, batch: Batch, draw: VectorSampler
    ) -> Estimate:
        chain = blocks.whole(problem, params, batch)
        return activity_noise.estimate(
            ops, problem, chain, params, batch, draw, self.num_directions
        )

    def least_products(self, derivative: float) -> float:
        """Return 2 + K (D - 1) for a derivative of D products.

        It is the loss, K tangents without their products of inputs and weight tangents, and one
        product of inputs and noise per layer.
        """
        return 2 + self.num_directions * (derivative - 1)
