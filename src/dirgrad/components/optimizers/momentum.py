from typing import Annotated, Any

from annotated_types import Ge, Lt

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class Momentum:
    """SGD with momentum: m <- beta m + g, theta <- theta - eta m (Polyak 1964).

    It takes the same steps as torch.optim.SGD and optax.sgd.
    """

    beta: Annotated[float, Ge(0.0), Lt(1.0)] = 0.9
    """Fraction of m that is carried over to the next step."""

    def init(self, ops: Ops, params: Params) -> Any:
        return tree.map(ops.zeros_like, params)

    def update(
        self,
        ops: Ops,
        params: Params,
        estimate: Estimate,
        optimizer_state: Any,
        learning_rate: Array,
    ) -> tuple[Params, Any]:
        """Return the next parameters and the next m.

        The leaves of the estimate are as in `Direction.draw`; every leaf
        of m is an array.
        """
        decayed = tree.scale(self.beta, optimizer_state)
        m = tree.axpy(ops, estimate.scale, estimate.vector, decayed)
        return tree.axpy(ops, -learning_rate, m, params), m
