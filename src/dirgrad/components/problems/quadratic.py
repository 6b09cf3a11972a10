from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params


@component
class Quadratic:
    """(1/2) sum_i lambda_i x_i^2 with lambda from 1/condition to 1 in equal ratios; minimum 0 at 0, gradient lambda x.

    The start is drawn from N(0, I) by the trial's seed.
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE
    dimension: Annotated[int, Ge(1)] = 100
    """d, the number of variables."""
    condition: Annotated[float, Ge(1.0)] = 100.0
    """The ratio of the largest eigenvalue of the Hessian to the smallest."""

    def eigenvalues(self) -> np.ndarray:
        """The Hessian's diagonal: (dimension,)."""
        return np.geomspace(1 / self.condition, 1.0, self.dimension)

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"x": rng.standard_normal(self.dimension)}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x = params["x"]
        return ops.sum(ops.constant(self.eigenvalues(), x) * x * x) / 2
