"""The table `estimates` has single estimates in two dimensions."""

from dirgrad.analysis.tables import estimates
from support.hand_made_records import QUICK, WORKLOAD, frame


def test_an_estimator_that_is_not_supported_has_no_estimates() -> None:
    estimate = WORKLOAD | {"quality": "one"}
    rows = [
        estimate | {"estimator": "f", "status": "unsupported", "reason": "no rule"},
        estimate | {"estimator": "g", "status": "ok", "estimate_0": 1.0, "estimate_1": 2.0},
    ]
    (row,) = estimates.make({"draws": frame("draws", rows)}, QUICK).to_dict("records")
    assert (row["estimator"], row["estimate_0"], row["estimate_1"]) == ("g", 1.0, 2.0)
