from typing import Any

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class Sgd:
    """theta <- theta - eta g (Baydin et al. 2022, Algorithm 1)."""

    def init(self, ops: Ops, params: Params) -> Any:
        return ()

    def update(
        self, ops: Ops, params: Params, found: Estimate, memory: Any, rate: Array
    ) -> tuple[Params, Any]:
        return tree.axpy(ops, -rate * found.scale, found.vector, params), memory
