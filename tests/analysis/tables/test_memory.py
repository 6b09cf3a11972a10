"""The table `memory` summarizes the peak memory of several processes."""

from dirgrad.analysis.tables import memory
from support.hand_made_records import QUICK, WORKLOAD, frame


def test_a_peak_is_the_mean_over_the_processes() -> None:
    process = WORKLOAD | {"memory": "depth", "estimator": "inference", "parameter_bytes": 8}
    rows = [
        process | {"round": number, "resident_peak_bytes": peak}
        for number, peak in enumerate((10, 30))
    ]
    (row,) = memory.make({"memory": frame("memory", rows)}, QUICK).to_dict("records")
    assert (row["resident_peak_bytes"], row["n"], row["parameter_bytes"]) == (20.0, 2, 8)
