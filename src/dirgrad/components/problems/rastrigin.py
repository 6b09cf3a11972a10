from math import pi
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, MinLen

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, PlotRange


@component
class Rastrigin:
    """Rastrigin's function of d variables, with minimum 0 at 0 and many other local minima.

    f(x) = sum_i 10 + x_i^2 - 10 cos(2 pi x_i). It is from Rastrigin 1974, with any number of
    variables as in Muehlenbein, Schomisch and Born 1991. The gradient is
    2 x_i + 20 pi sin(2 pi x_i).
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
        return ops.sum(10 + x * x - 10 * ops.cos(2 * pi * x))
