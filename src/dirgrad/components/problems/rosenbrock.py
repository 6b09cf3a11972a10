from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, MinLen

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, PlotRange


@component
class Rosenbrock:
    """The Rosenbrock function of a chain of d variables, with minimum 0 at (1, ..., 1).

    f(x) = sum_i (1 - x_i)^2 + 100 (x_{i+1} - x_i^2)^2. In two dimensions it is the function of
    Baydin et al. 2022, figure 2. Their starting point is unknown to us; (-1, 0) is the choice of
    other authors.
    """

    dataset: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE
    dimension: Annotated[int, Ge(2)] = 2
    """Number of variables, d."""
    start: Annotated[tuple[float, ...], MinLen(1)] = (-1.0, 0.0)
    """First values of the starting point. The last value is repeated up to d."""

    def __post_init__(self) -> None:
        _initialization.require_start(self.start, self.dimension, type(self).start)

    @property
    def plot_range(self) -> PlotRange | None:
        return ((-1.5, 1.5), (-0.5, 1.5)) if self.dimension == 2 else None

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return _initialization.start_point(self.start, self.dimension)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x = params["x"][:-1]
        x_next = params["x"][1:]
        slack = 1 - x
        bend = x_next - x * x
        return ops.sum(slack * slack + 100 * (bend * bend))
