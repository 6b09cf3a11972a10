from functools import cache
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from dirgrad.components.registry import component
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params


@component
class SparseRegression:
    """Least squares, (1/2 n) ||A x - y||^2 over all n examples at once, with y = A x* + noise and few entries of x* that are not 0.

    A row of A is drawn from N(0, diag lambda), lambda from 1/condition to 1 in equal ratios; the loss to be expected of a new
    example is then known, (1/2) sum_i lambda_i (x_i - x*_i)^2 + noise^2/2. With examples it is the validation loss; without,
    it is the loss itself. ||x*|| = 1, its entries of equal magnitude and alternating sign, at equal distances along lambda. The
    start is 0.
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    dimension: Annotated[int, Ge(1)] = 200
    """d, the number of coefficients."""
    nonzeros: PositiveInt = 5
    """k*, the number of coefficients of the truth that are not 0; all of them where there are no more."""
    examples: PositiveInt | None = None
    """n; null: infinitely many, that is, the expected loss."""
    noise: NonNegativeFloat = 0.0
    """The standard deviation of what is added to A x*."""
    condition: Annotated[float, Ge(1.0)] = 1.0
    """The ratio of the largest of lambda to the smallest."""
    data_seed: NonNegativeInt = 0
    """Of A and of the noise."""

    @property
    def criterion(self) -> Criterion:
        """Of the coefficients: the loss; the expected loss as the validation loss, where it is not the loss itself; and the share
        of the truth's support among as many coefficients of the largest magnitude."""
        return Criterion(loss=self._loss, metrics=self._metrics)

    def scales(self) -> np.ndarray:
        """lambda, the variances of the features: (dimension,)."""
        return np.geomspace(1 / self.condition, 1.0, self.dimension)

    def truth(self) -> np.ndarray:
        """x*: (dimension,)."""
        count, found = min(self.nonzeros, self.dimension), np.zeros(self.dimension)
        found[np.linspace(0, self.dimension - 1, count).round().astype(int)] = (-1.0) ** np.arange(
            count
        ) / np.sqrt(count)
        return found

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"x": np.zeros(self.dimension)}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """The coefficients (dimension,)."""
        return params["x"]

    def _loss(self, ops: Ops, x: Array, batch: Batch) -> Array:
        if self.examples is None:
            return self._expected(ops, x)
        features, labels = (ops.constant(part, x) for part in data(self, self.examples))
        residuals = features @ x - labels
        return ops.mean(residuals * residuals) / 2

    def _expected(self, ops: Ops, x: Array) -> Array:
        error = x - ops.constant(self.truth(), x)
        return (ops.sum(ops.constant(self.scales(), x) * error * error) + self.noise**2) / 2

    def _metrics(self, ops: Ops, x: Array, batch: Batch) -> dict[str, Array]:
        truth = self.truth() != 0
        found = ops.top_k_mask(abs(x), int(truth.sum())) * (x != 0)
        told = {
            "loss": self._loss(ops, x, batch),
            "support_recovered": ops.sum(ops.constant(truth / truth.sum(), x) * found),
        }
        return told if self.examples is None else told | {"valid_loss": self._expected(ops, x)}


@cache
def data(problem: SparseRegression, examples: int) -> tuple[np.ndarray, np.ndarray]:
    """A (n, dimension) and y (n,), float64."""
    rng = np.random.default_rng(problem.data_seed)
    features = rng.standard_normal((examples, problem.dimension)) * np.sqrt(problem.scales())
    return features, features @ problem.truth() + problem.noise * rng.standard_normal(examples)
