from collections.abc import Callable
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core.types import Array, Ops, Params


@component
class Lstm:
    """A long short-term memory unit, as in torch.nn.LSTM.

    The gates are in the order input, forget, cell, output.
    """

    gates: ClassVar[int] = 4
    state_names: ClassVar[tuple[str, ...]] = ("h", "c")

    def update(
        self,
        ops: Ops,
        params: Params,
        state: Params,
        x: Array,
        product: Callable[[Array, Array], Array],
    ) -> Params:
        """Return the next state: c' = f c + i g and h' = o tanh(c')."""
        size = state["h"].shape[1]
        inputs = x @ params["weight_in"] + params["bias_in"]
        recurrent = product(state["h"], params["weight_recurrent"])
        gates = inputs + recurrent + params["bias_recurrent"]
        i = ops.sigmoid(gates[:, :size])
        f = ops.sigmoid(gates[:, size : 2 * size])
        g = ops.tanh(gates[:, 2 * size : 3 * size])
        o = ops.sigmoid(gates[:, 3 * size :])
        c = f * state["c"] + i * g
        return {"h": o * ops.tanh(c), "c": c}
