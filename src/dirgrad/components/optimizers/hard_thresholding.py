from typing import Any

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class HardThresholding:
    """theta <- H_k(theta - eta g), where H_k keeps the k entries of the largest magnitude and sets the others to 0: iterative hard
    thresholding (Blumensath and Davies 2009), of a zeroth-order estimate that of de Vazelhes et al. 2022 (SZOHT).

    The entries are those of all parameters, biases too. Of equal magnitudes the first in the order of the parameters is kept.
    """

    keep: PositiveInt
    """k, the number of entries kept; all of them where there are no more."""

    def init(self, ops: Ops, params: Params) -> Any:
        return ()

    def update(
        self, ops: Ops, params: Params, found: Estimate, memory: Any, rate: Array
    ) -> tuple[Params, Any]:
        moved = tree.ravel(ops, tree.axpy(ops, -rate * found.scale, found.vector, params))
        return tree.unravel(
            ops.top_k_mask(abs(moved), min(self.keep, tree.size(params))) * moved, params
        ), memory
