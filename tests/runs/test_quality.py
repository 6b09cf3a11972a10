"""The noise of estimates on problems whose closed forms are known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.tables import quality as quality_table
from dirgrad.config import plan
from dirgrad.config.settings import Statistics
from dirgrad.core import theory
from dirgrad.core.types import Backend
from dirgrad.runs.instruments import quality
from support.measured import ESTIMATORS, QUADRATIC, made, raw

FEW = Statistics(resamples=20)


def noise(backend: Backend) -> dict[str, pd.DataFrame]:
    problems = {"quadratic": QUADRATIC, "beale": {"kind": "beale", "start": [1.5, -0.1]}}
    found = quality.run(made(backend, "quality", problems, draws=6_000), backend)
    return {kind: rows.to_pandas() for kind, rows in found.items()}


def test_the_noise_of_estimates_is_that_of_theory(backend: Backend) -> None:
    found = noise(backend)
    draws = found["draws"].query("problem == 'quadratic'")
    for name, direction, count in (
        ("forward_gradient", "gaussian", 1),
        ("rademacher", "rademacher", 2),
    ):
        error = draws.loc[draws["estimator"] == name, "relative_squared_error"]
        expected = 1 / theory.signal_to_noise(direction, count, 10)
        assert abs(error.mean() - expected) < 4.5 * error.std() / np.sqrt(len(error))
    exact = draws[draws["estimator"] == "backprop"]
    assert exact["relative_squared_error"].max() < 1e-20
    np.testing.assert_allclose(exact[["cosine", "norm_ratio"]], 1.0)
    _moments_are_those_of_theory(found["coordinates"])
    _beale_has_its_gradient(found)


def _moments_are_those_of_theory(coordinates: pd.DataFrame) -> None:
    rows = coordinates.query("problem == 'quadratic' and estimator == 'forward_gradient'")
    norm = np.linalg.norm(rows["gradient"])
    expected = theory.variance(rows["gradient"].to_numpy(), norm)
    np.testing.assert_allclose(rows["variance"], expected, rtol=0.2)
    assert (np.abs(rows["mean"] - rows["gradient"]) < 4.5 * np.sqrt(expected / rows["draws"])).all()
    assert rows["kurtosis"].between(6, 20).all()


def _beale_has_its_gradient(found: dict[str, pd.DataFrame]) -> None:
    """Baydin et al. 2022, figure 1."""
    rows = found["coordinates"].query("problem == 'beale' and estimator == 'backprop'")
    np.testing.assert_allclose(rows["gradient"], [-3.433947, -0.807885], atol=1e-6)
    arrows = found["draws"].query("problem == 'beale' and estimator == 'backprop'")[
        ["estimate_0", "estimate_1"]
    ]
    np.testing.assert_allclose(arrows.drop_duplicates(), [[-3.433947, -0.807885]], atol=1e-6)


def test_draws_do_not_depend_on_how_many_are_made_at_once(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    measurement = made(backend, "quality", {"quadratic": QUADRATIC}, draws=10)
    together = quality.run(measurement, backend)["draws"].to_pandas()
    monkeypatch.setattr(quality, "ENTRIES_AT_ONCE", 40)
    apart = quality.run(measurement, backend)["draws"].to_pandas()
    assert list(apart["draw"]) == list(together["draw"])
    np.testing.assert_allclose(
        apart["relative_squared_error"], together["relative_squared_error"], rtol=1e-9, atol=1e-20
    )


ROWS = {"kind": "rnn", "dataset": "digits", "hidden": 4}
ALONG = {"truncated": {"kind": "truncated_bptt", "window": 2}, "rtrl": {"kind": "rtrl"}}


def test_bias_and_variance_along_training(backend: Backend) -> None:
    """Of a truncated gradient all error is bias; RTRL has none; both change as training goes on."""
    given = raw(
        backend.name,
        "quality",
        {"rows": ROWS},
        draws=4,
        after_steps=[0, 5],
        optimizer="adam",
        estimators=list(ALONG),
    )
    given["estimators"] = ESTIMATORS | ALONG
    measured = plan.measurement(given, f"quality/one/{backend.name}")
    draws = quality.run(measured, backend)["draws"].to_pandas()
    rows = quality_table.make({"draws": draws}, Statistics(resamples=20)).set_index(
        ["estimator", "after_steps"]
    )
    for after in (0, 5):
        truncated = rows.loc[("truncated", after)]
        assert truncated["squared_bias"] == pytest.approx(1 / truncated["snr"])
        assert truncated["variance"] == pytest.approx(0, abs=1e-12)
        assert rows.loc[("rtrl", after), "squared_bias"] == pytest.approx(0, abs=1e-20)
    norms = rows.loc["truncated", "gradient_norm"]
    assert norms[0] != norms[5]
    assert (rows["length"] == 8).all()


def differences(scheme: str) -> dict[str, Any]:
    return {"kind": "finite_difference", "direction": "gaussian", "scheme": scheme, "eps": 1.0}


def test_a_difference_is_off_by_what_taylor_says(backend: Backend) -> None:
    """f = (1/2) x^T H x has no third derivative: a central difference is exact but for rounding; a forward one is off by
    (eps/2) v^T H v, with H the identity here, relative to ||g||."""
    given = raw(
        backend.name,
        "quality",
        {"quadratic": QUADRATIC},
        draws=64,
        eps=[0.1, 0.01],
        estimators=["forward", "central"],
    )
    given["estimators"] = ESTIMATORS | {
        scheme: differences(scheme) for scheme in ("forward", "central")
    }
    measured = plan.measurement(given, f"quality/one/{backend.name}")
    draws = quality.run(measured, backend)["draws"].to_pandas()
    assert sorted(draws["eps"].unique()) == [0.01, 0.1]
    np.testing.assert_array_less(draws.query("estimator == 'central'")["difference_error"], 1e-10)
    forward = draws.query("estimator == 'forward'")
    np.testing.assert_allclose(
        forward["difference_error"], forward["difference_error_theory"], rtol=1e-6
    )
    along = forward["difference_error"] * forward["cosine"].abs()
    np.testing.assert_allclose(
        forward["difference_bias"].abs(), along, rtol=1e-6, err_msg="the part along the gradient"
    )
    at = {eps: rows["difference_error"].to_numpy() for eps, rows in forward.groupby("eps")}
    np.testing.assert_allclose(
        at[0.1], 10 * at[0.01], rtol=1e-6, err_msg="the same directions at every step"
    )


def test_noise_is_parted_into_that_of_directions_and_that_of_minibatches(backend: Backend) -> None:
    """About the whole gradient G, a minibatch's g is off by g - G, and an estimate e on it by e - g besides, independent of it."""
    few = {
        "draws": 3,
        "minibatches": 4,
        "batch_sizes": [16],
        "estimators": ["backprop", "forward_gradient"],
    }
    problem = {"kind": "logistic_regression", "dataset": "digits"}
    draws = quality.run(made(backend, "quality", {"logistic": problem}, **few), backend)[
        "draws"
    ].to_pandas()
    assert draws.groupby(["estimator", "minibatch"]).size().eq(3).all()
    rows = quality_table.make({"draws": draws}, FEW).set_index("estimator")
    assert (rows["minibatches"] == 4).all()
    assert rows.loc["backprop", "direction_variance"] == pytest.approx(0, abs=1e-20)
    assert (
        rows.loc["backprop", "minibatch_variance"]
        == rows.loc["forward_gradient", "minibatch_variance"]
        > 0
    )
    forward = draws.query("estimator == 'forward_gradient'")
    expected = (forward["relative_squared_error"] * forward["gradient_norm"] ** 2).mean() / _whole(
        backend, problem
    )
    assert rows.loc["forward_gradient", "direction_variance"] == pytest.approx(expected, rel=1e-9)
    cosines = forward.groupby("minibatch")["cosine"].first()
    assert cosines.nunique() == 4, "each minibatch has directions of its own"


def _whole(backend: Backend, problem: dict[str, Any]) -> float:
    """||G||^2 over all 1200 training examples, from one large minibatch."""
    one = made(
        backend, "quality", {"all": problem}, draws=2, batch_sizes=[1200], estimators=["backprop"]
    )
    return float(quality.run(one, backend)["draws"].to_pandas()["gradient_norm"].iloc[0]) ** 2
