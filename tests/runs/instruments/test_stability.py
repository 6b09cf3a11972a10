"""The instrument `stability` trains at every rate of a grid and has the closed form in its rows."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import stability
from support.measured import QUADRATIC, small_measurement


def test_the_largest_stable_rate_agrees_with_theory(backend: Backend) -> None:
    grid = {"lowest": 0.01, "highest": 10.0, "per_decade": 4}
    measurement = small_measurement(
        backend, "stability", {"quadratic": QUADRATIC}, rates=grid, steps=300, seeds=3
    )
    records = stability.run(measurement, Context(backend))["stability"].to_pandas()
    for name, expected in (("backprop", 2.0), ("forward_gradient", 2 / 12)):
        rows = records[records["estimator"] == name]
        assert rows["stable_rate_theory"].unique() == pytest.approx([expected])
        for rate, trials in rows.groupby("learning_rate"):
            succeeded = trials["status"] == "ok"
            descended = trials["final_loss"] <= trials["initial_loss"]
            is_stable = (succeeded & descended).all()
            # Near the boundary, stability is random.
            if rate < expected / 1.8 or rate > expected * 1.8:
                assert is_stable == (rate < expected), (name, rate)
    assert (records["hessian_trace"] == 10).all()
    assert (records["largest_eigenvalue"] == 1).all()
    check_best_rate(records)
    rows_without_theory = records[records["estimator"] == "rademacher"]
    assert rows_without_theory["stable_rate_theory"].isna().all()


def check_best_rate(records: pd.DataFrame) -> None:
    """Check the closed forms of the best rate and of its contraction."""
    rows = records[records["estimator"] == "forward_gradient"]
    assert rows["best_rate_theory"].unique() == pytest.approx([1 / 12])
    assert rows["contraction_theory"].unique() == pytest.approx([1 - 1 / 12])
    assert records.loc[records["estimator"] != "forward_gradient", "best_rate_theory"].isna().all()


def test_a_quadratic_with_several_eigenvalues_has_no_closed_form_of_its_best_rate() -> None:
    law = Gaussian()
    assert np.isnan(law.contraction(np.array([1.0, 2.0]))).all()
    assert law.contraction(np.array([2.0, 2.0])) == pytest.approx((1 / 8, 1 - 1 / 4))


def test_a_problem_that_cannot_be_differentiated_twice_has_no_spectrum(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise NotImplementedError("no second derivative")

    monkeypatch.setattr(stability.curvature, "spectrum", unsupported)
    grid = {"lowest": 0.1, "highest": 1.0, "per_decade": 1}
    options = {"rates": grid, "steps": 1, "seeds": 1, "estimators": ["backprop"]}
    measurement = small_measurement(backend, "stability", {"quadratic": QUADRATIC}, **options)
    records = stability.run(measurement, Context(backend))["stability"].to_pandas()
    assert (records["status"] == "ok").all()
    assert records["hessian_trace"].isna().all()
