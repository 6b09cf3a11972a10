"""An estimator that cannot be used on a problem is a row with the reason among the costs."""

from dataclasses import replace

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost
from support.measured import QUADRATIC, small_measurement
from support.squared_weights import SquaredWeights


def test_a_problem_that_needs_arrays_is_measured_along_arrays_only(backend: Backend) -> None:
    measurement = small_measurement(
        backend, "cost", {"quadratic": QUADRATIC}, rounds=1, round_seconds=1e-4
    )
    settings = measurement.settings.model_copy(update={"problems": {"new": SquaredWeights()}})
    estimators = {
        "gaussian": ForwardGradient(direction=Gaussian()),
        "rank_one": ForwardGradient(direction=RankOne()),
    }
    measurement = replace(measurement, settings=settings, estimators=estimators)
    rows = cost.run(measurement, Context(backend))["cost"].to_pandas().set_index("estimator")
    assert set(rows.loc[["gaussian"], "status"]) == {"ok"}
    assert rows.loc["rank_one", "status"] == "unsupported"
    assert "`**` to its parameter 'weight' of shape (3, 2)" in rows.loc["rank_one", "reason"]
