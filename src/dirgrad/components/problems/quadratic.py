from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params


@component
class Quadratic:
    """A diagonal quadratic, (1/2) sum_i lambda_i x_i^2, with minimum 0 at 0 and gradient lambda x.

    The eigenvalues lambda run from 1/condition to 1 in geometric progression. The seed of the trial
    draws the starting point from N(0, I).
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE
    dimension: Annotated[int, Ge(1)] = 100
    """Number of variables, d."""
    condition: Annotated[float, Ge(1.0)] = 100.0
    """Ratio of the largest eigenvalue of the Hessian to the smallest."""

    def eigenvalues(self) -> np.ndarray:
        """Return the diagonal of the Hessian: (dimension,)."""
        return np.geomspace(1 / self.condition, 1.0, self.dimension)

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"x": rng.standard_normal(self.dimension)}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x = params["x"]
        eigenvalues = ops.constant(self.eigenvalues(), x)
        return ops.sum(eigenvalues * x * x) / 2
