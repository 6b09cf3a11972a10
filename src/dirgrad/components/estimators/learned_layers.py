from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from pydantic import PositiveInt

from dirgrad.components.directions.one_layer import OneLayer
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares, least_products_of_tangents, mean_signal_to_noise
from dirgrad.core.directions import shapes
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Array, DirectionSampler, Estimate, Key, Loss, Ops, Params


class Slopes(NamedTuple):
    """The squared slopes of past steps.

    Attributes:
        squares: Moving average of the squared slope on each layer, and 0 on the others: (layers,).
        prior_weight: decay to the power of the number of steps: ().
    """

    squares: Array
    prior_weight: Array


@component
class LearnedLayers:
    """Forward gradient in one layer, with probabilities that follow the slopes seen so far.

    Estimates: The gradient g is approximated without bias by (g . v) v. The direction v is drawn
        as by `one_layer`, with the probabilities p_l of this step. They depend on earlier steps
        only.
    Cost: It takes one forward-mode pass. The layers before the chosen one have no tangent.
    Assumes: The gradient changes slowly. Otherwise the estimate is noisier, but still unbiased.

    For r = 1 the error is least for p_l proportional to sqrt(d_l) ||g_l|| (see `one_layer`). A step
    on layer l has the slope s with E[s^2] = ||g_l||^2 / p_l. It happens with the probability p_l.
    So s^2 on the chosen layer and 0 on the others have the mean ||g_l||^2 on every layer, and their
    moving average gives p_l. A part of p_l, `floor`, is proportional to the sizes d_l. So the error
    is at most 1/`floor` times the error of `rank_one`, and the first step is a step of `one_layer`
    by size. The curvature has no part in p_l.
    """

    num_directions: ClassVar[int] = 1
    evaluations: ClassVar[int] = 1
    is_exact: ClassVar[bool] = True

    decay: Annotated[float, Ge(0.0), Lt(1.0)] = 0.99
    """Decay rate of the moving average of the squared slopes."""
    floor: Annotated[float, Gt(0.0), Le(1.0)] = 0.2
    """Part of the probabilities that is proportional to the sizes of the layers."""
    blocks: PositiveInt | None = None
    """Number of blocks of layers, as for `one_layer`."""
    rank: PositiveInt = 1
    """Number r of outer products for every weight array, as for `one_layer`."""

    @property
    def direction(self) -> OneLayer:
        """Return the law of the first step."""
        return OneLayer(probabilities="size", blocks=self.blocks, rank=self.rank)

    def init_state(self, ops: Ops, params: Params) -> Slopes:
        leaf = tree.first_leaf(params)
        num_layers = len(self._dimensions(params))
        return Slopes(ops.zeros((num_layers,), leaf), ops.zeros((), leaf) + 1.0)

    def estimate(self, ops: Ops, loss: Loss, params: Params, sampler: DirectionSampler) -> Estimate:
        """Return the estimate of a first step."""
        v = sampler(0)
        value, slope = directional_derivative(ops, loss, params, v)
        return Estimate(value, slope, v)

    def estimate_and_learn(
        self, ops: Ops, loss: Loss, params: Params, state: Slopes, key: Key
    ) -> tuple[Estimate, Slopes]:
        p = self.probabilities(ops, params, state)
        v = self.direction.draw_with(ops, ops.fold_in(key, 0), params, p)
        estimate = self.estimate(ops, loss, params, lambda _: v)
        choice = tree.choice(v)
        if choice is None:
            raise TypeError("a direction of `one_layer` chooses a layer")
        square = choice.indicator * estimate.scale * estimate.scale
        squares = self.decay * state.squares + (1 - self.decay) * square
        return estimate, Slopes(squares, self.decay * state.prior_weight)

    def probabilities(self, ops: Ops, params: Params, state: Slopes) -> Array:
        """Return the probabilities of the layers in the next step: (layers,)."""
        dimensions = ops.constant(self._dimensions(params), tree.first_leaf(params))
        by_size = dimensions / ops.sum(dimensions)
        seen = state.squares / (ops.sum(state.squares) + 1.2e-38)
        shares = state.prior_weight * by_size + (1 - state.prior_weight) * seen
        weights = ops.sqrt(dimensions * shares)
        return (1 - self.floor) * weights / ops.sum(weights) + self.floor * by_size

    def _dimensions(self, params: Params) -> np.ndarray:
        groups = self.direction.groups(shapes(params))
        return np.array([group.dimension for group in groups], float)

    def signal_to_noise(self, shares: Shares) -> float:
        """Return the SNR of a first step, 1 / (d - 1) for r = 1."""
        return mean_signal_to_noise(self.direction, 1, shares)

    def least_products(self, derivative: float) -> float:
        """Return 1 + one tangent, for the probabilities of the first step."""
        return least_products_of_tangents(self.direction, 1, derivative)
