"""The instrument `quality` measures the noise of estimates, on problems with closed forms."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.tables import quality as quality_table
from dirgrad.config import plan
from dirgrad.config.settings import Statistics
from dirgrad.core import theory
from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import quality
from support.measured import QUADRATIC, measurement_with_estimators, small_measurement

FEW_RESAMPLES = Statistics(resamples=20)
LOGISTIC = {"kind": "logistic_regression", "dataset": "digits"}


def draw_records(measurement: plan.Job, backend: Backend) -> pd.DataFrame:
    return quality.run(measurement, Context(backend))["draws"].to_pandas()


def test_the_noise_of_estimates_agrees_with_theory(backend: Backend) -> None:
    problems = {"quadratic": QUADRATIC, "beale": {"kind": "beale", "start": [1.5, -0.1]}}
    measurement = small_measurement(backend, "quality", problems, draws=6_000)
    tables = quality.run(measurement, Context(backend))
    all_draws, coordinates = tables["draws"].to_pandas(), tables["coordinates"].to_pandas()
    draws = all_draws.query("problem == 'quadratic'")
    for name, snr in (("forward_gradient", 1 / (10 + 1)), ("rademacher", 2 / (10 - 1))):
        error = draws.loc[draws["estimator"] == name, "relative_squared_error"]
        assert abs(error.mean() - 1 / snr) < 4.5 * error.std() / np.sqrt(len(error))
    exact = draws[draws["estimator"] == "backprop"]
    assert exact["relative_squared_error"].max() < 1e-20
    np.testing.assert_allclose(exact[["cosine", "norm_ratio"]], 1.0)
    check_moments_of_quadratic(coordinates)
    check_moments_by_draw(draws)
    check_gradient_of_beale(all_draws, coordinates)


def check_moments_of_quadratic(coordinates: pd.DataFrame) -> None:
    """Check the mean, variance and kurtosis of each coordinate of a forward gradient."""
    rows = coordinates.query("problem == 'quadratic' and estimator == 'forward_gradient'")
    norm = np.linalg.norm(rows["gradient"])
    variance = theory.gaussian_variance(rows["gradient"].to_numpy(), norm)
    np.testing.assert_allclose(rows["variance"], variance, rtol=0.2)
    standard_error = np.sqrt(variance / rows["draws"])
    assert (np.abs(rows["mean"] - rows["gradient"]) < 4.5 * standard_error).all()
    assert rows["kurtosis"].between(6, 20).all()


def check_moments_by_draw(draws: pd.DataFrame) -> None:
    """Check that the moments over their closed forms have the mean 1 over the estimates."""
    names = ["coordinate_variance", "coordinate_fourth_moment"]
    values = draws.loc[draws["estimator"] == "forward_gradient", names]
    z = (values.mean() - 1) / (values.std() / np.sqrt(len(values)))
    assert (z.abs() < 4.5).all()
    others = draws["estimator"] != "forward_gradient"
    assert draws.loc[others, names].isna().all(axis=None)


def check_gradient_of_beale(draws: pd.DataFrame, coordinates: pd.DataFrame) -> None:
    """Check the gradient in figure 1 of Baydin et al. (2022)."""
    gradient = [-3.433947, -0.807885]
    backprop_of_beale = "problem == 'beale' and estimator == 'backprop'"
    rows = coordinates.query(backprop_of_beale)
    np.testing.assert_allclose(rows["gradient"], gradient, atol=1e-6)
    estimates = draws.query(backprop_of_beale)[["estimate_0", "estimate_1"]]
    np.testing.assert_allclose(estimates.drop_duplicates(), [gradient], atol=1e-6)


def test_draws_do_not_depend_on_the_number_of_estimates_in_memory(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    measurement = small_measurement(backend, "quality", {"quadratic": QUADRATIC}, draws=10)
    together = draw_records(measurement, backend)
    monkeypatch.setattr(quality, "ENTRIES_AT_ONCE", 40)
    in_chunks = draw_records(measurement, backend)
    assert list(in_chunks["draw"]) == list(together["draw"])
    np.testing.assert_allclose(
        in_chunks["relative_squared_error"],
        together["relative_squared_error"],
        rtol=1e-9,
        atol=1e-20,
    )


def test_a_truncated_gradient_is_biased_and_rtrl_is_exact_throughout_training(
    backend: Backend,
) -> None:
    """The error of a truncated gradient is only bias, and training changes the gradient."""
    problem = {"kind": "rnn", "dataset": "digits", "hidden": 4}
    estimators = {"truncated": {"kind": "truncated_bptt", "window": 2}, "rtrl": {"kind": "rtrl"}}
    measurement = measurement_with_estimators(
        backend,
        "quality",
        {"rows": problem},
        estimators,
        draws=4,
        after_steps=[0, 5],
        optimizer="adam",
    )
    draws = draw_records(measurement, backend)
    table = quality_table.make({"draws": draws}, FEW_RESAMPLES)
    rows = table.set_index(["estimator", "after_steps"])
    for after_steps in (0, 5):
        truncated = rows.loc[("truncated", after_steps)]
        assert truncated["squared_bias"] == pytest.approx(1 / truncated["snr"])
        assert truncated["variance"] == pytest.approx(0, abs=1e-12)
        rtrl = rows.loc[("rtrl", after_steps)]
        assert rtrl["squared_bias"] == pytest.approx(0, abs=1e-20)
    norms = rows.loc["truncated", "gradient_norm"]
    assert norms[0] != norms[5]
    assert (rows["length"] == 8).all()


def gaussian_difference(scheme: str) -> dict[str, Any]:
    return {"kind": "finite_difference", "direction": "gaussian", "scheme": scheme, "eps": 1.0}


def test_the_error_of_a_finite_difference_agrees_with_taylors_theorem(backend: Backend) -> None:
    """The loss is x^T H x / 2 with the identity for H, so its third derivative is zero.

    A central difference is therefore exact except for rounding. The error of a forward difference
    is (eps / 2) v^T H v, relative to the norm of the gradient.
    """
    estimators = {scheme: gaussian_difference(scheme) for scheme in ("forward", "central")}
    measurement = measurement_with_estimators(
        backend, "quality", {"quadratic": QUADRATIC}, estimators, draws=64, eps=[0.1, 0.01]
    )
    draws = draw_records(measurement, backend)
    assert sorted(draws["eps"].unique()) == [0.01, 0.1]
    central = draws.query("estimator == 'central'")
    np.testing.assert_array_less(central["difference_error"], 1e-10)
    forward = draws.query("estimator == 'forward'")
    error = forward["difference_error"]
    np.testing.assert_allclose(error, forward["difference_error_theory"], rtol=1e-6)
    np.testing.assert_allclose(
        forward["difference_bias"].abs(),
        error * forward["cosine"].abs(),
        rtol=1e-6,
        err_msg="the bias is not the component along the gradient",
    )
    errors = {eps: rows["difference_error"].to_numpy() for eps, rows in forward.groupby("eps")}
    np.testing.assert_allclose(
        errors[0.1],
        10 * errors[0.01],
        rtol=1e-6,
        err_msg="the directions differ between step sizes",
    )


def test_the_noise_of_directions_and_of_minibatches_is_measured_separately(
    backend: Backend,
) -> None:
    """The error from the gradient G on all data has two independent parts.

    They are g - G for the gradient g on a minibatch, and e - g for an estimate e on it.
    """
    measurement = small_measurement(
        backend,
        "quality",
        {"logistic": LOGISTIC},
        draws=3,
        minibatches=4,
        batch_sizes=[16],
        estimators=["backprop", "forward_gradient"],
    )
    draws = draw_records(measurement, backend)
    assert draws.groupby(["estimator", "minibatch"]).size().eq(3).all()
    table = quality_table.make({"draws": draws}, FEW_RESAMPLES).set_index("estimator")
    assert (table["minibatches"] == 4).all()
    backprop, forward = table.loc["backprop"], table.loc["forward_gradient"]
    assert backprop["direction_variance"] == pytest.approx(0, abs=1e-20)
    assert backprop["minibatch_variance"] == forward["minibatch_variance"] > 0
    forward_draws = draws.query("estimator == 'forward_gradient'")
    squared_errors = forward_draws["relative_squared_error"] * forward_draws["gradient_norm"] ** 2
    expected = squared_errors.mean() / squared_norm_on_all_data(backend)
    assert forward["direction_variance"] == pytest.approx(expected, rel=1e-9)
    cosines = forward_draws.groupby("minibatch")["cosine"].first()
    assert cosines.nunique() == 4, "two minibatches have equal directions"


def squared_norm_on_all_data(backend: Backend) -> float:
    """Return ||G||^2 on all 1200 training examples, from a single minibatch."""
    measurement = small_measurement(
        backend,
        "quality",
        {"all": LOGISTIC},
        draws=2,
        batch_sizes=[1200],
        estimators=["backprop"],
    )
    draws = draw_records(measurement, backend)
    return float(draws["gradient_norm"].iloc[0]) ** 2
