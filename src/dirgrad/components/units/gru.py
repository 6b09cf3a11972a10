from collections.abc import Callable
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core import perturbation
from dirgrad.core.types import Array, Ops, Params


@component
class Gru:
    """Gated recurrent units, as torch.nn.GRU has them: reset acts on the product, so that a unit's weights move it alone."""

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
        h = state["h"]
        n = h.shape[1]
        driven = perturbation.matmul(x, params["weight_in"]) + params["bias_in"]
        recurrent = product(h, params["weight_recurrent"]) + params["bias_recurrent"]
        reset = ops.sigmoid(driven[:, :n] + recurrent[:, :n])
        keep = ops.sigmoid(driven[:, n : 2 * n] + recurrent[:, n : 2 * n])
        new = ops.tanh(driven[:, 2 * n :] + reset * recurrent[:, 2 * n :])
        return {"h": (1 - keep) * new + keep * h}
