from typing import Any

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class HardThresholding:
    """A gradient step that keeps only the k largest entries: theta <- H_k(theta - eta g).

    H_k keeps the k entries of the largest magnitude and sets the others to 0 (iterative hard
    thresholding, Blumensath and Davies 2009). With a zeroth-order estimate it is SZOHT (de Vazelhes
    et al. 2022). The k entries are chosen among all parameters, including biases. Ties go to the
    entry that comes first in the order of the parameters.
    """

    keep: PositiveInt
    """Number of entries kept, k. If k is at least the number of parameters, all are kept."""

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

        The leaves of the estimate are as in `Direction.draw`.
        """
        step_size = -learning_rate * estimate.scale
        moved = tree.axpy(ops, step_size, estimate.vector, params)
        theta = tree.ravel(ops, moved)
        mask = ops.top_k_mask(abs(theta), min(self.keep, tree.num_entries(params)))
        return tree.unravel(mask * theta, params), optimizer_state
