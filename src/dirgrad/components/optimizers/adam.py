from typing import Annotated, Any, NamedTuple

from annotated_types import Ge, Lt
from pydantic import PositiveFloat

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


class Moments(NamedTuple):
    """Moving averages of past estimates, before bias correction.

    Attributes:
        mean: Moving average of the estimates, shaped like the parameters.
        square: Moving average of the squared estimates, shaped like the parameters.
        beta_1_power: beta_1 to the power of the number of steps: ().
        beta_2_power: beta_2 to the power of the number of steps: ().
    """

    mean: Params
    square: Params
    beta_1_power: Array
    beta_2_power: Array


@component
class Adam:
    """Adam with bias correction (Kingma and Ba 2015, Algorithm 1).

    It takes the same steps as torch.optim.Adam and optax.adam.
    """

    beta_1: Annotated[float, Ge(0.0), Lt(1.0)] = 0.9
    """Decay rate of the moving average of the estimates."""
    beta_2: Annotated[float, Ge(0.0), Lt(1.0)] = 0.999
    """Decay rate of the moving average of the squared estimates."""
    epsilon: PositiveFloat = 1.0e-8
    """Constant added to the root mean square in the denominator."""

    def init(self, ops: Ops, params: Params) -> Any:
        zeros = tree.map(ops.zeros_like, params)
        unit = ops.zeros((), tree.first_leaf(params)) + 1.0
        return Moments(zeros, zeros, unit, unit)

    def update(
        self,
        ops: Ops,
        params: Params,
        estimate: Estimate,
        optimizer_state: Any,
        learning_rate: Array,
    ) -> tuple[Params, Any]:
        """Return the next parameters and the next moments.

        The leaves of the estimate are as in `Direction.draw`. All of them
        become arrays, because the step needs their squares.
        """
        moments = optimizer_state
        g = tree.materialize(tree.scale(estimate.scale, estimate.vector))
        mean = tree.axpy(ops, 1 - self.beta_1, g, tree.scale(self.beta_1, moments.mean))
        g_squared = tree.map(lambda leaf: leaf * leaf, g)
        square = tree.axpy(ops, 1 - self.beta_2, g_squared, tree.scale(self.beta_2, moments.square))
        beta_1_power = moments.beta_1_power * self.beta_1
        beta_2_power = moments.beta_2_power * self.beta_2

        step: Params = {}
        for name in params:
            unbiased_mean = mean[name] / (1 - beta_1_power)
            unbiased_square = square[name] / (1 - beta_2_power)
            step[name] = unbiased_mean / (ops.sqrt(unbiased_square) + self.epsilon)
        params = tree.axpy(ops, -learning_rate, step, params)
        return params, Moments(mean, square, beta_1_power, beta_2_power)
