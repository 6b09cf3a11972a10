from collections.abc import Callable
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core import perturbation
from dirgrad.core.types import Array, Ops, Params


@component
class Tanh:
    """h' = tanh(W x + b + U h + c), as torch.nn.RNN has it."""

    gates: ClassVar[int] = 1
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def update(
        self,
        ops: Ops,
        params: Params,
        state: Params,
        x: Array,
        product: Callable[[Array, Array], Array],
    ) -> Params:
        driven = perturbation.matmul(x, params["weight_in"]) + params["bias_in"]
        return {
            "h": ops.tanh(
                driven + product(state["h"], params["weight_recurrent"]) + params["bias_recurrent"]
            )
        }
