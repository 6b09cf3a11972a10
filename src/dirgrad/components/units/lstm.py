from collections.abc import Callable
from typing import ClassVar

from dirgrad.components.registry import component
from dirgrad.core import perturbation
from dirgrad.core.types import Array, Ops, Params


@component
class Lstm:
    """Long short-term memory, as torch.nn.LSTM has it: gates in the order input, forget, cell, output."""

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
        n = state["h"].shape[1]
        driven = perturbation.matmul(x, params["weight_in"]) + params["bias_in"]
        gates = driven + product(state["h"], params["weight_recurrent"]) + params["bias_recurrent"]
        take, forget = ops.sigmoid(gates[:, :n]), ops.sigmoid(gates[:, n : 2 * n])
        new, show = ops.tanh(gates[:, 2 * n : 3 * n]), ops.sigmoid(gates[:, 3 * n :])
        c = forget * state["c"] + take * new
        return {"h": show * ops.tanh(c), "c": c}
