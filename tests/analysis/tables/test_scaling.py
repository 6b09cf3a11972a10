"""The table `scaling` fits how the evaluations to a target grow with the dimension."""

import numpy as np

from dirgrad.analysis.tables import scaling
from support.hand_made_descents import Descent, descent, descent_records
from support.hand_made_records import QUICK, Records

DIMENSIONS = (10, 40, 90)
TARGET_LOSS = 2.5


def growing_records(final_loss: float = TARGET_LOSS) -> Records:
    """Return trials whose evaluations to the target grow as the square root of the dimension.

    Each trial reaches the target at its last record point. Only the last trial of the largest
    dimension ends at `final_loss`.
    """
    descents = [
        descent_to(TARGET_LOSS, dimension, seed) for dimension in DIMENSIONS for seed in (0, 1)
    ]
    descents[-1] = descent_to(final_loss, DIMENSIONS[-1], seed=1)
    return descent_records(*descents)


def descent_to(final_loss: float, dimension: int, seed: int) -> Descent:
    """Return a trial that spends its evaluations on a descent to `final_loss`."""
    return descent(
        "backprop",
        seed,
        [4.0, 3.5, 3.0, final_loss],
        1.0,
        evaluations=round(100 * dimension**0.5),
        experiment=f"growth_{dimension}",
        dimension=dimension,
        problem="quadratic",
        direction="sphere",
    )


def test_the_slope_is_the_exponent_of_the_dimension() -> None:
    (row,) = scaling.make(growing_records(), QUICK).to_dict("records")
    assert (row["dimensions"], row["lowest_dimension"], row["highest_dimension"]) == (3, 10, 90)
    assert (row["n"], row["n_reached"]) == (6, 6)
    slope = [row["slope"], row["slope_low"], row["slope_high"]]
    np.testing.assert_allclose(slope, 0.5, atol=2e-3)


def test_the_slope_is_nan_if_a_trial_misses_the_target() -> None:
    (row,) = scaling.make(growing_records(final_loss=2.6), QUICK).to_dict("records")
    assert (row["n"], row["n_reached"]) == (6, 5)
    assert np.isnan([row["slope"], row["slope_low"], row["slope_high"]]).all()


def test_a_row_needs_three_dimensions_of_one_family() -> None:
    records = growing_records()
    trials = records["trials"]
    two_dimensions = trials[trials["dimension"] < DIMENSIONS[-1]]
    assert scaling.make(records | {"trials": two_dimensions}, QUICK).empty
    # With another optimizer, the trials of one dimension belong to another family.
    trials.loc[trials["dimension"] == 10, "optimizer"] = "adam"
    assert scaling.make(records, QUICK).empty
