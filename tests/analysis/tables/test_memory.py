"""The table `memory` summarizes the peak memory of several processes."""

import numpy as np

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


def test_a_process_that_failed_is_a_row_and_takes_no_part_in_the_mean() -> None:
    process = WORKLOAD | {"memory": "depth", "estimator": "inference"}
    rows = [
        process | {"status": "ok", "parameter_bytes": 8, "resident_peak_bytes": 10},
        process | {"status": "failed", "reason": "signal 9"},
        process | {"status": "ok", "parameter_bytes": 8, "resident_peak_bytes": 30},
    ]
    measured, failed = memory.make({"memory": frame("memory", rows)}, QUICK).to_dict("records")
    assert (measured["status"], measured["n"], measured["resident_peak_bytes"]) == ("ok", 2, 20.0)
    assert (failed["status"], failed["reason"], failed["n"]) == ("failed", "signal 9", 0)
    assert np.isnan([failed["parameter_bytes"], failed["resident_peak_bytes"]]).all()


def test_a_table_without_a_measured_process_has_all_columns() -> None:
    process = WORKLOAD | {"memory": "depth", "status": "failed", "reason": "signal 9"}
    table = memory.make({"memory": frame("memory", [process])}, QUICK)
    assert set(table.columns) == set(memory.COLUMN_ROLES.file_columns())


def test_records_of_earlier_versions_without_a_status_were_measured() -> None:
    process = WORKLOAD | {"memory": "depth", "resident_peak_bytes": 10}
    (row,) = memory.make({"memory": frame("memory", [process])}, QUICK).to_dict("records")
    assert (row["status"], row["n"]) == ("ok", 1)
