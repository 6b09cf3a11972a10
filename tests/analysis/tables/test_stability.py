"""The table `stability` gives the largest stable rate of the grid and the next rate."""

import numpy as np
import pytest

from dirgrad.analysis.tables import stability
from support.hand_made_records import QUICK, WORKLOAD, frame


@pytest.mark.parametrize(
    ("final_losses", "stable", "unstable"),
    [
        ({0.1: 1.0, 0.2: 1.0, 0.4: 9.0}, 0.2, 0.4),
        ({0.1: 1.0, 0.2: 9.0, 0.4: 1.0}, 0.1, 0.2),
        ({0.1: 9.0, 0.2: 9.0}, np.nan, 0.1),
        ({0.1: 1.0, 0.2: 1.0}, 0.2, np.nan),
        ({0.1: 1.0, 0.2: None}, 0.1, 0.2),
    ],
)
def test_a_rate_is_stable_only_if_all_lower_rates_are_stable(
    final_losses: dict[float, float | None], stable: float, unstable: float
) -> None:
    trial = WORKLOAD | {
        "stability": "one",
        "estimator": "f",
        "status": "ok",
        "seed": 0,
        "initial_loss": 5.0,
    }
    rows = [
        trial | {"learning_rate": rate, "final_loss": loss} for rate, loss in final_losses.items()
    ]
    (row,) = stability.make({"stability": frame("stability", rows)}, QUICK).to_dict("records")
    np.testing.assert_equal([row["stable_rate"], row["unstable_rate"]], [stable, unstable])


def test_an_estimator_that_is_not_supported_has_no_stable_and_no_unstable_rate() -> None:
    trial = WORKLOAD | {"stability": "one", "seed": 0, "learning_rate": 0.1}
    rows = [
        trial | {"estimator": "f", "status": "unsupported", "reason": "no rule"},
        trial | {"estimator": "g", "status": "diverged", "reason": "the loss is not finite"},
    ]
    (row,) = stability.make({"stability": frame("stability", rows)}, QUICK).to_dict("records")
    assert (row["estimator"], row["unstable_rate"]) == ("g", 0.1)
