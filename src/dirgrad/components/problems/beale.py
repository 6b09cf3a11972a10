from typing import ClassVar

import numpy as np

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, PlotRange


@component
class Beale:
    """Beale's test function of two variables, with minimum 0 at (3, 0.5).

    f(x, y) = (1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2. It appears in
    figures 1 and 2 of Baydin et al. 2022. Their starting point is unknown to us, but f is about 14
    there. Every point with x = 0 has this value.
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[PlotRange] = ((-0.5, 3.5), (-0.5, 1.0))
    criterion: ClassVar[Criterion] = VALUE
    start: tuple[float, float] = (0.0, 0.5)
    """Starting point (x, y)."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return _initialization.start_point(self.start, 2)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x = params["x"][0]
        y = params["x"][1]
        first = 1.5 - x + x * y
        second = 2.25 - x + x * y * y
        third = 2.625 - x + x * y * y * y
        return first * first + second * second + third * third
