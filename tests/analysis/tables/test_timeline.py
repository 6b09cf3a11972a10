"""The table `timeline` has the samples of every process."""

from dirgrad.analysis.tables import timeline
from support.hand_made_records import QUICK, WORKLOAD, frame


def test_a_process_that_failed_has_no_samples() -> None:
    process = WORKLOAD | {"memory": "depth"}
    rows = [
        process | {"estimator": "backprop", "seconds": -1.0, "resident_bytes": 4096},
        process | {"estimator": "inference", "status": "failed", "reason": "signal 9"},
    ]
    (row,) = timeline.make({"resident": frame("resident", rows)}, QUICK).to_dict("records")
    assert (row["estimator"], row["seconds"], row["resident_bytes"]) == ("backprop", -1.0, 4096)
