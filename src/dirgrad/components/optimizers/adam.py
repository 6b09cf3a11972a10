from typing import Annotated, Any, NamedTuple

from annotated_types import Ge, Lt
from pydantic import PositiveFloat

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


class Moments(NamedTuple):
    """Decayed sums of past estimates and of their squares, like the parameters, and the decayed weights left of them: ()."""

    mean: Params
    square: Params
    beta_1_power: Array
    beta_2_power: Array


@component
class Adam:
    """Adam with bias correction (Kingma and Ba 2015, Algorithm 1), as torch.optim.Adam and optax.adam have it."""

    beta_1: Annotated[float, Ge(0.0), Lt(1.0)] = 0.9
    """Decay of the mean."""
    beta_2: Annotated[float, Ge(0.0), Lt(1.0)] = 0.999
    """Decay of the mean square."""
    epsilon: PositiveFloat = 1.0e-8
    """Added to the root mean square."""

    def init(self, ops: Ops, params: Params) -> Any:
        zero = tree.map(ops.zeros_like, params)
        one = ops.zeros((), tree.first_leaf(params)) + 1.0
        return Moments(zero, zero, one, one)

    def update(
        self, ops: Ops, params: Params, found: Estimate, memory: Any, rate: Array
    ) -> tuple[Params, Any]:
        grad = tree.materialize(tree.scale(found.scale, found.vector))
        mean = tree.axpy(ops, 1 - self.beta_1, grad, tree.scale(self.beta_1, memory.mean))
        squared = tree.map(lambda g: g * g, grad)
        square = tree.axpy(ops, 1 - self.beta_2, squared, tree.scale(self.beta_2, memory.square))
        one, two = memory.beta_1_power * self.beta_1, memory.beta_2_power * self.beta_2
        step = {
            name: (mean[name] / (1 - one)) / (ops.sqrt(square[name] / (1 - two)) + self.epsilon)
            for name in params
        }
        return tree.axpy(ops, -rate, step, params), Moments(mean, square, one, two)
