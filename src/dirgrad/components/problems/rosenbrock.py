from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, MinLen

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, PlotRange


@component
class Rosenbrock:
    """sum_i (1 - x_i)^2 + 100 (x_{i+1} - x_i^2)^2 over a chain of d variables; minimum 0 at (1, ..., 1).

    In two dimensions the function of Baydin et al. 2022, figure 2; their start is not known to us, (-1, 0) is others' choice.
    """

    dataset: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE
    dimension: Annotated[int, Ge(2)] = 2
    """d, the number of variables."""
    start: Annotated[tuple[float, ...], MinLen(1)] = (-1.0, 0.0)
    """The first values of the start; the last is repeated up to d."""

    @property
    def plot_range(self) -> PlotRange | None:
        return ((-1.5, 1.5), (-0.5, 1.5)) if self.dimension == 2 else None

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return _initialization.start(self.start, self.dimension)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x, y = params["x"][:-1], params["x"][1:]
        slack, bend = 1 - x, y - x * x
        return ops.sum(slack * slack + 100 * (bend * bend))
