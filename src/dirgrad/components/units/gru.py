from collections.abc import Callable
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core.types import Array, Ops, Params


@component
class Gru:
    """A gated recurrent unit, as in torch.nn.GRU.

    The reset gate multiplies the recurrent product, not the state. The weights of a unit therefore
    affect only the next state of that unit.
    """

    gates: ClassVar[int] = 3
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def update(
        self,
        ops: Ops,
        params: Params,
        state: Params,
        x: Array,
        product: Callable[[Array, Array], Array],
    ) -> Params:
        """Return the next state, h' = (1 - z) n + z h with reset gate r and update gate z.

        n = tanh(W_n x + b_n + r (U_n h + c_n)). The columns of the weights are in the order
        r, z, n.
        """
        h = state["h"]
        size = h.shape[1]
        inputs = x @ params["weight_in"] + params["bias_in"]
        recurrent = product(h, params["weight_recurrent"]) + params["bias_recurrent"]
        r = ops.sigmoid(inputs[:, :size] + recurrent[:, :size])
        z = ops.sigmoid(inputs[:, size : 2 * size] + recurrent[:, size : 2 * size])
        n = ops.tanh(inputs[:, 2 * size :] + r * recurrent[:, 2 * size :])
        return {"h": (1 - z) * n + z * h}
