"""Candidates keep the part of the influence matrix that their definitions state."""

from functools import cache

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components.candidates.diagonal_rtrl import DiagonalRtrl
from dirgrad.components.candidates.snap_1 import Snap1
from dirgrad.components.candidates.truncated_gradient import TruncatedGradient
from dirgrad.components.estimators.candidate_descent import CandidateDescent
from dirgrad.components.estimators.truncated_bptt import TruncatedBptt
from dirgrad.core.types import Backend
from support.cases import inner
from support.influence_matrices import METHODS, summed_gradient
from support.sequence_tasks import TASKS, UNITS, assert_close, exact_gradient, total_estimate

CANDIDATES = {
    "immediate": TruncatedGradient(truncation=1),
    "diagonal_rtrl": DiagonalRtrl(),
    "snap_1": Snap1(),
}
METHODS_ON_UNITS = [
    ("immediate", "gru"),
    ("diagonal_rtrl", "gru"),
    ("diagonal_rtrl", "lstm"),
    *(("snap_1", unit) for unit in UNITS),
]


@cache
def by_matrices(method: str, task: str) -> dict[str, np.ndarray]:
    """Return the gradient of a method that keeps a part of the full matrix."""
    return summed_gradient(task, METHODS[method])


@pytest.mark.parametrize("task", ["copy_lstm", "copy_lru"])
def test_the_full_influence_matrix_gives_the_exact_gradient(task: str) -> None:
    backend = backends.load("jax", 1, "float64")
    assert_close(by_matrices("rtrl", task), exact_gradient(backend, TASKS[task]))


@pytest.mark.parametrize(("method", "unit"), METHODS_ON_UNITS)
def test_a_candidate_equals_its_method_with_full_matrices(
    backend: Backend, method: str, unit: str
) -> None:
    estimator = CandidateDescent(candidate=CANDIDATES[method])
    estimate = total_estimate(backend, TASKS[f"copy_{unit}"], estimator)
    assert_close(estimate, by_matrices(method, f"copy_{unit}"))


def test_truncated_bptt_of_one_step_follows_the_immediate_derivatives() -> None:
    backend = backends.load("jax", 1, "float64")
    estimate = total_estimate(backend, TASKS["copy_gru"], TruncatedBptt(window=1))
    assert_close(estimate, by_matrices("immediate", "copy_gru"))


@pytest.mark.parametrize("unit", ["tanh", "gru", "lstm"])
def test_diagonal_rtrl_is_not_snap_1_on_dense_units(unit: str) -> None:
    diagonal, snap_1 = (by_matrices(x, f"copy_{unit}") for x in ("diagonal_rtrl", "snap_1"))
    difference = {name: leaf - snap_1[name] for name, leaf in diagonal.items()}
    assert inner(difference, difference) > 1e-4 * inner(snap_1, snap_1)
