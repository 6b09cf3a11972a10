from typing import Any

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class Sgd:
    """Stochastic gradient descent: theta <- theta - eta g (Baydin et al. 2022, Algorithm 1)."""

    def init(self, ops: Ops, params: Params) -> Any:
        return ()

    def update(
        self,
        ops: Ops,
        params: Params,
        estimate: Estimate,
        optimizer_state: Any,
        learning_rate: Array,
    ) -> tuple[Params, Any]:
        """Return the next parameters and the state.

        The leaves of the estimate are as in `Direction.draw`. An
        `OuterProduct` is added to its parameter without an array of its own.
        """
        step_size = -learning_rate * estimate.scale
        return tree.axpy(ops, step_size, estimate.vector, params), optimizer_state
