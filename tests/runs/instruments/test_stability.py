"""The instrument `stability` trains at every rate of a grid and has the closed form in its rows."""

import pytest

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
    rows_without_theory = records[records["estimator"] == "rademacher"]
    assert rows_without_theory["stable_rate_theory"].isna().all()
