"""A problem for tests that needs the array of its weight."""

from typing import ClassVar

import numpy as np

from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params


@component
class SquaredWeights:
    """The mean square of the entries of a (3, 2) weight."""

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"weight": rng.standard_normal((3, 2))}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        return ops.mean(params["weight"] ** 2)
