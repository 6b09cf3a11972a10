"""The table `coordinates` shows the recorded moments of coordinates with their closed forms."""

import numpy as np

from dirgrad.analysis.tables import coordinates
from support.hand_made_records import QUICK, WORKLOAD, frame


def test_the_closed_forms_follow_the_measured_moments() -> None:
    estimate = WORKLOAD | {"quality": "one", "estimator": "f", "after_steps": 0}
    moments = [
        estimate | {"gradient": 1.0, "coordinate": 3, "variance_theory": 26.0},
        estimate | {"gradient": 2.0, "coordinate": 4},
    ]
    records = {
        "draws": frame("draws", [estimate | {"gradient_norm": 5.0}]),
        "coordinates": frame("coordinates", moments),
    }
    table = coordinates.make(records, QUICK)
    np.testing.assert_equal(table["variance_theory"].to_numpy(float), [26.0, np.nan])
    assert table["gradient_norm"].to_list() == [5.0, 5.0]
    assert list(table.columns[-2:]) == ["variance_theory", "kurtosis_theory"]


def test_an_estimator_that_is_not_supported_has_no_coordinates() -> None:
    measured = WORKLOAD | {"quality": "one", "estimator": "f", "after_steps": 0, "minibatch": 0}
    unsupported = WORKLOAD | {"quality": "one", "estimator": "f", "status": "unsupported"}
    records = {
        "draws": frame("draws", [unsupported, measured | {"gradient_norm": 5.0}]),
        "coordinates": frame("coordinates", [measured | {"coordinate": 3}]),
    }
    (row,) = coordinates.make(records, QUICK).to_dict("records")
    assert (row["coordinate"], row["gradient_norm"]) == (3, 5.0)
    nothing_measured = {
        "draws": frame("draws", [unsupported]),
        "coordinates": frame("coordinates", []),
    }
    assert coordinates.make(nothing_measured, QUICK).empty
