from collections.abc import Callable
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core.types import Array, Ops, Params


@component
class Tanh:
    """A plain recurrent unit, h' = tanh(W x + b + U h + c), as in torch.nn.RNN."""

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
        inputs = x @ params["weight_in"] + params["bias_in"]
        recurrent = product(state["h"], params["weight_recurrent"])
        return {"h": ops.tanh(inputs + recurrent + params["bias_recurrent"])}
