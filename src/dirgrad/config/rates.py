"""Options of learning rates: a grid, and a search that may leave it."""

from math import log10

from pydantic import BaseModel, PositiveFloat

from dirgrad.components.registry import STRICT
from dirgrad.config.numbers import CountOrZero, PositiveCount


class Grid(BaseModel):
    """Learning rates with a constant ratio between neighbors."""

    model_config = STRICT

    lowest: PositiveFloat
    """Lowest rate."""
    highest: PositiveFloat
    """Highest rate; it must be a point of the grid: lowest 10^(i / per_decade)."""
    per_decade: PositiveCount = 2
    """Number of rates per factor of ten."""

    @property
    def num_steps(self) -> float:
        """Return the number of grid steps from the lowest to the highest rate."""
        return (log10(self.highest) - log10(self.lowest)) * self.per_decade

    def rate(self, i: int) -> float:
        """Return the rate i steps above the lowest one, rounded to 3 significant digits."""
        exact = 10 ** (log10(self.lowest) + i / self.per_decade)
        return float(f"{exact:.3g}")

    @property
    def rates(self) -> tuple[float, ...]:
        """Return the rates in ascending order, rounded to 3 significant digits."""
        return tuple(self.rate(i) for i in range(round(self.num_steps) + 1))


class Tuning(Grid):
    """Search for the learning rate of each estimator.

    Every estimator is trained at every rate of the same logarithmic grid, with a few seeds.
    """

    seeds: PositiveCount = 3
    """Number of trials per rate; they use seeds 0, 1, ..., and the final trials the next ones."""
    extension: CountOrZero = 6
    """Largest number of further rates, for an estimator whose best rate is at an end of the grid.

    The search goes on beyond this end until rates on both sides of the best one are searched, which
    may fail. If it stops before, the best rate is only a bound.
    """
