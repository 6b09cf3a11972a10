from math import e, pi
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, MinLen

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, PlotRange


@component
class Ackley:
    """Ackley's function of d variables, a rippled funnel with minimum 0 at 0.

    f(x) = 20 + e - 20 exp(-r / 5) - exp(c), with the root r of the mean of x_i^2 and the mean c of
    cos(2 pi x_i). It is from Ackley 1987, with any number of variables as in Baeck 1996. The
    gradient is (4 exp(-r / 5) x_i / r + 2 pi exp(c) sin(2 pi x_i)) / d. It does not exist at 0,
    where the function has a cusp.
    """

    dataset: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE
    dimension: Annotated[int, Ge(1)] = 2
    """Number of variables, d."""
    start: Annotated[tuple[float, ...], MinLen(1)] = (-1.7, 2.3)
    """First values of the starting point. The last value is repeated up to d."""

    def __post_init__(self) -> None:
        _initialization.require_start(self.start, self.dimension, type(self).start)

    @property
    def plot_range(self) -> PlotRange | None:
        return ((-3.0, 3.0), (-3.0, 3.0)) if self.dimension == 2 else None

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return _initialization.start_point(self.start, self.dimension)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x = params["x"]
        root_mean_square = ops.sqrt(ops.mean(x * x))
        mean_cosine = ops.mean(ops.cos(2 * pi * x))
        return 20 + e - 20 * ops.exp(-root_mean_square / 5) - ops.exp(mean_cosine)
