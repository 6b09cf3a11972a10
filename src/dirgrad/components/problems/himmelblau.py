from typing import ClassVar

import numpy as np

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, PlotRange


@component
class Himmelblau:
    """Himmelblau's function of two variables, with four minima of value 0.

    f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2 (Himmelblau 1972). One minimum is at (3, 2).
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[PlotRange] = ((-5.0, 5.0), (-5.0, 5.0))
    criterion: ClassVar[Criterion] = VALUE
    start: tuple[float, float] = (0.0, 0.0)
    """Starting point (x, y)."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return _initialization.start_point(self.start, 2)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x = params["x"][0]
        y = params["x"][1]
        first = x * x + y - 11
        second = x + y * y - 7
        return first * first + second * second
