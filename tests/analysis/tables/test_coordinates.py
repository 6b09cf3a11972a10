"""The table `coordinates` adds closed forms to the moments of the coordinates."""

import numpy as np
import pytest

from dirgrad.analysis.tables import coordinates
from support.hand_made_records import QUICK, WORKLOAD, frame


@pytest.mark.parametrize(
    ("direction", "num_directions", "variance"),
    [("gaussian", 1, 26.0), ("gaussian", 2, np.nan), ("sphere", 1, np.nan)],
)
def test_only_an_estimate_with_one_gaussian_direction_has_a_closed_form(
    direction: str, num_directions: int, variance: float
) -> None:
    estimate = WORKLOAD | {
        "quality": "one",
        "estimator": "f",
        "estimator_kind": "forward_gradient",
        "direction": direction,
        "num_directions": num_directions,
        "after_steps": 0,
    }
    records = {
        "draws": frame("draws", [estimate | {"gradient_norm": 5.0}]),
        "coordinates": frame("coordinates", [estimate | {"gradient": 1.0, "coordinate": 3}]),
    }
    table = coordinates.make(records, QUICK)
    np.testing.assert_equal(table["variance_theory"].to_numpy(), [variance])
