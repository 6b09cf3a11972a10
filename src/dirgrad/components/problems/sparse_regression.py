from functools import cache
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from dirgrad.components.registry import component
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params


@component
class SparseRegression:
    """Least squares with sparse true coefficients: ||A x - y||^2 / (2 n) over n examples.

    The labels are y = A x* + noise. The rows of A are drawn from N(0, diag lambda), with lambda
    from 1/condition to 1 in geometric progression. The expected loss of a new example is then
    (1/2) sum_i lambda_i (x_i - x*_i)^2 + noise^2 / 2. This is the validation loss if `examples` is
    set; otherwise it is the loss. The nonzero entries of x* are evenly spaced, with equal
    magnitudes and alternating signs, and ||x*|| = 1. Training starts at 0, and every step uses all
    examples.
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    dimension: Annotated[int, Ge(1)] = 200
    """Number of coefficients, d."""
    nonzeros: PositiveInt = 5
    """Number of nonzero coefficients in x*, k*. If it is at least d, all are nonzero."""
    examples: PositiveInt | None = None
    """Number of examples, n. Null means infinitely many: the loss is the expected loss."""
    noise: NonNegativeFloat = 0.0
    """Standard deviation of the noise in y."""
    condition: Annotated[float, Ge(1.0)] = 1.0
    """Ratio of the largest entry of lambda to the smallest."""
    data_seed: NonNegativeInt = 0
    """Seed of A and of the noise."""

    @property
    def criterion(self) -> Criterion:
        """Return the loss and the metrics of the coefficients.

        `support_recovered` is the fraction of the support of x* among the k* coefficients of the
        largest magnitude. With examples, `valid_loss` is the expected loss.
        """
        return Criterion(loss=self._loss, metrics=self._metrics)

    def feature_variances(self) -> np.ndarray:
        """Return lambda, the variances of the features: (dimension,)."""
        return np.geomspace(1 / self.condition, 1.0, self.dimension)

    def true_coefficients(self) -> np.ndarray:
        """Return x*, the true coefficients: (dimension,)."""
        count = min(self.nonzeros, self.dimension)
        positions = np.linspace(0, self.dimension - 1, count).round().astype(int)
        signs = (-1.0) ** np.arange(count)
        truth = np.zeros(self.dimension)
        truth[positions] = signs / np.sqrt(count)
        return truth

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"x": np.zeros(self.dimension)}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the coefficients: (dimension,)."""
        return params["x"]

    def _loss(self, ops: Ops, x: Array, batch: Batch) -> Array:
        if self.examples is None:
            return self._expected_loss(ops, x)
        a, y = _draw_examples(self, self.examples)
        features = ops.constant(a, x)
        labels = ops.constant(y, x)
        residuals = features @ x - labels
        return ops.mean(residuals * residuals) / 2

    def _expected_loss(self, ops: Ops, x: Array) -> Array:
        error = x - ops.constant(self.true_coefficients(), x)
        scales = ops.constant(self.feature_variances(), x)
        squared_error = ops.sum(scales * error * error)
        return (squared_error + self.noise**2) / 2

    def _metrics(self, ops: Ops, x: Array, batch: Batch) -> dict[str, Array]:
        support = self.true_coefficients() != 0
        # Zero coefficients do not count as recovered, even if they are among the largest.
        selected = ops.top_k_mask(abs(x), int(support.sum())) * (x != 0)
        metrics = {"loss": self._loss(ops, x, batch)}
        weights = ops.constant(support / support.sum(), x)
        metrics["support_recovered"] = ops.sum(weights * selected)
        if self.examples is not None:
            metrics["valid_loss"] = self._expected_loss(ops, x)
        return metrics


@cache
def _draw_examples(problem: SparseRegression, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw A (n, dimension) and y (n,) in float64."""
    rng = np.random.default_rng(problem.data_seed)
    deviations = np.sqrt(problem.feature_variances())
    features = rng.standard_normal((n, problem.dimension)) * deviations
    noise = problem.noise * rng.standard_normal(n)
    labels = features @ problem.true_coefficients() + noise
    return features, labels
