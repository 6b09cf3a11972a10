"""Sparse regression reports the expected loss and the recovered fraction of the true support."""

import numpy as np
import pytest

from dirgrad.components.problems.sparse_regression import SparseRegression
from dirgrad.core import criterion
from dirgrad.core.types import Backend
from support.cases import placed


def regression_with_noise(examples: int | None) -> SparseRegression:
    return SparseRegression(dimension=6, nonzeros=3, examples=examples, noise=0.5, condition=4.0)


def test_the_expected_loss_is_the_mean_over_many_examples_and_their_validation_loss(
    backend: Backend,
) -> None:
    finite = regression_with_noise(examples=200_000)
    infinite = regression_with_noise(examples=None)
    params = placed(backend, {"x": np.linspace(-1.0, 1.0, 6)})
    mean_loss = float(criterion.loss(finite, backend.ops, params, ()))
    expected_loss = float(criterion.loss(infinite, backend.ops, params, ()))
    assert mean_loss == pytest.approx(expected_loss, rel=0.02)

    metrics = criterion.metrics(finite, backend.ops, params, ())
    assert float(metrics["loss"]) == pytest.approx(mean_loss)
    assert float(metrics["valid_loss"]) == pytest.approx(expected_loss)
    assert "valid_loss" not in criterion.metrics(infinite, backend.ops, params, ())


def test_the_true_coefficients_leave_only_the_noise_and_recover_the_whole_support(
    backend: Backend,
) -> None:
    problem = SparseRegression(dimension=30, nonzeros=4, noise=0.5, condition=9.0)
    truth = problem.true_coefficients()
    assert (truth != 0).sum() == 4
    assert np.linalg.norm(truth) == pytest.approx(1.0)

    def metrics(x: np.ndarray) -> dict[str, float]:
        values = criterion.metrics(problem, backend.ops, placed(backend, {"x": x}), ())
        return {name: float(value) for name, value in values.items()}

    at_truth = metrics(truth)
    assert at_truth["loss"] == pytest.approx(0.125)
    assert at_truth["support_recovered"] == pytest.approx(1.0)

    # These coefficients have two true entries and one small entry outside the support.
    first_two_entries = np.where(np.cumsum(truth != 0) <= 2, truth, 0.0)
    small_wrong_entry = np.where(np.arange(30) == 2, 1e-3, 0.0)
    half_of_truth = first_two_entries + small_wrong_entry
    assert metrics(half_of_truth)["support_recovered"] == pytest.approx(0.5)
    assert metrics(np.zeros(30))["support_recovered"] == pytest.approx(0.0)
    # Among equal entries the first four count, and a single one is in the support.
    assert metrics(np.ones(30))["support_recovered"] == pytest.approx(0.25)
