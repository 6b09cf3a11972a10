from typing import Annotated, Any

from annotated_types import Ge, Lt

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class Momentum:
    """m <- beta m + g, theta <- theta - eta m (Polyak 1964), as torch.optim.SGD and optax.sgd have it."""

    beta: Annotated[float, Ge(0.0), Lt(1.0)] = 0.9
    """The share of the last step that is kept."""

    def init(self, ops: Ops, params: Params) -> Any:
        return tree.map(ops.zeros_like, params)

    def update(
        self, ops: Ops, params: Params, found: Estimate, memory: Any, rate: Array
    ) -> tuple[Params, Any]:
        memory = tree.axpy(ops, found.scale, found.vector, tree.scale(self.beta, memory))
        return tree.axpy(ops, -rate, memory, params), memory
