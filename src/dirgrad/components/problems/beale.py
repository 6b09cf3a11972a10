from typing import ClassVar

import numpy as np

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, PlotRange


@component
class Beale:
    """(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2; minimum 0 at (3, 0.5).

    Baydin et al. 2022, figures 1 and 2; their start is not known to us beyond its value of about 14, which holds for all x = 0.
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[PlotRange] = ((-0.5, 3.5), (-0.5, 1.0))
    criterion: ClassVar[Criterion] = VALUE
    start: tuple[float, float] = (0.0, 0.5)
    """The start (x, y)."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return _initialization.start(self.start, 2)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x, y = params["x"][0], params["x"][1]
        first, second, third = 1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y
        return first * first + second * second + third * third
