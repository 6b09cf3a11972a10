"""The instruments measure the Hessian, and weight the noise of estimates with it."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import curvature, quality
from dirgrad.runs.instruments.workload import Workload, load_workload
from support.confidence import z_bound
from support.measured import QUADRATIC, measurement_with_estimators, small_measurement

START = (0.5, -0.2)
HESSIAN = np.array([[1200 * 0.5**2 + 400 * 0.2 + 2, -400 * 0.5], [-400 * 0.5, 200.0]])
"""Hessian of Rosenbrock's function (1 - x)^2 + 100 (y - x^2)^2 at START."""
ROSENBROCK = {"kind": "rosenbrock", "dimension": 2, "start": list(START)}
TINY_MLP = {"kind": "mlp", "dataset": "digits", "hidden": [2]}
LAWS = ("gaussian", "rademacher", "rank_one")


def workload(backend: Backend, problem: dict[str, object]) -> Workload:
    measurement = small_measurement(backend, "quality", {"problem": problem})
    return load_workload(measurement, backend, "problem", 8)


def test_the_hessian_and_its_spectrum_are_those_of_calculus(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_start = workload(backend, ROSENBROCK)
    products = curvature.hessian_products(backend, at_start)
    np.testing.assert_allclose(curvature.hessian(products, at_start), HESSIAN, rtol=1e-12)
    largest = np.linalg.eigvalsh(HESSIAN)[-1]
    trace = np.trace(HESSIAN)
    assert curvature.spectrum(backend, at_start) == pytest.approx((trace, largest, 0), rel=1e-3)

    # With more parameters than DENSE the trace is estimated: z^T H z = tr H + 2 z_0 z_1 H_01.
    monkeypatch.setattr(curvature, "DENSE", 1)
    estimated = curvature.spectrum(backend, at_start)
    assert estimated.largest == pytest.approx(largest, rel=1e-3)
    assert estimated.probes == curvature.PROBES
    standard_error = 2 * abs(HESSIAN[0, 1]) / curvature.PROBES**0.5
    assert 0 < abs(estimated.trace - trace) < z_bound(1) * standard_error


def test_the_spectrum_of_a_quadratic_is_the_declared_one(backend: Backend) -> None:
    problem = {"kind": "quadratic", "dimension": 3, "condition": 4.0}
    expected = (1 / 4 + 1 / 2 + 1, 1.0, 0)
    assert curvature.spectrum(backend, workload(backend, problem)) == pytest.approx(expected)


def weighted_draws(backend: Backend, draws: int) -> pd.DataFrame:
    """Return the draws of three laws on a small network, weighted with its Hessian."""
    estimators = {name: {"kind": "forward_gradient", "direction": name} for name in LAWS}
    measurement = measurement_with_estimators(
        backend, "quality", {"mlp": TINY_MLP}, estimators, draws=draws, curvature=True
    )
    return quality.run(measurement, Context(backend))["draws"].to_pandas()


def test_the_weighted_noise_of_estimates_agrees_with_its_closed_form(
    both: tuple[Backend, Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests above and below hold the products of both frameworks to calculus.
    _, backend = both
    draws = weighted_draws(backend, 4_000)
    by_law = draws.groupby("estimator")
    noise = by_law["curvature_noise"].agg(["mean", "std"])
    theory = by_law["curvature_noise_theory"].first()
    z = (noise["mean"] - theory) / (noise["std"] / np.sqrt(4_000))
    assert (z.abs() < z_bound(len(LAWS))).all()
    assert (draws["hessian_probes"] == 0).all()
    assert theory["rank_one"] > 1.05 * theory["gaussian"]

    # Without the matrix only the scale, Hutchinson's estimate of tr H, differs.
    monkeypatch.setattr(curvature, "DENSE", 1)
    by_products = weighted_draws(backend, 3)
    assert by_products["curvature_noise_theory"].isna().all()
    assert (by_products["hessian_probes"] == curvature.PROBES).all()
    pairs = by_products.merge(draws, on=["estimator", "draw"])
    ratios = pairs["curvature_noise_x"] / pairs["curvature_noise_y"]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-9)
    assert ratios[0] == pytest.approx(1, abs=0.5)


def test_the_noise_is_not_weighted_unless_asked_for_or_if_the_trace_is_negative(
    backend: Backend,
) -> None:
    plain = small_measurement(backend, "quality", {"quadratic": QUADRATIC}, draws=2)
    draws = quality.run(plain, Context(backend))["draws"].to_pandas()
    assert draws["curvature_noise"].isna().all()
    at_start = workload(backend, ROSENBROCK)
    products = curvature.hessian_products(backend, at_start)

    def negative(target: Workload, vectors: np.ndarray) -> np.ndarray:
        return -products(target, vectors)

    assert curvature.weighted_noise(negative, at_start, np.ones(2)) is None
    assert curvature.weighted_noise(products, at_start, np.zeros(2)) is None
    weights = curvature.weighted_noise(products, at_start, np.array([3.0, 4.0]))
    e = np.array([[1.0, 2.0]])
    expected = e[0] @ HESSIAN @ e[0] / (25 * np.trace(HESSIAN))
    np.testing.assert_allclose(weights.weigh(e), [expected], rtol=1e-9)
