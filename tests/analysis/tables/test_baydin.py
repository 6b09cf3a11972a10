"""The table `baydin` compares measured quantities with the paper of Baydin et al. 2022."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.tables import baydin
from support.hand_made_descents import (
    FAST_DESCENT,
    SLOW_DESCENT,
    descent,
    descent_records,
    paired_records,
)
from support.hand_made_records import QUICK, Records, Row, cost_records, no_records


def quantities(records: Records) -> pd.DataFrame:
    """Return the table with the quantity as its index."""
    return baydin.make(records, QUICK).set_index("quantity")


def test_times_end_at_the_lowest_validation_loss_of_backprop() -> None:
    table = quantities(paired_records(forward=[4.0, 1.0, 0.0, 0.0]))
    assert table.loc["T_b_seconds", "value"] == pytest.approx(3.0)
    # Backprop ends at 0.5. The forward gradient has 1.0 after 2 seconds and 0.0 after 4.
    assert table.loc["T_f_seconds", "value"] == pytest.approx(3.0)
    assert table.loc["T_f_over_T_b", "value"] == pytest.approx(1.0)
    assert table.loc["seconds_forward_over_backprop", "value"] == pytest.approx(2.0)
    assert table.loc["T_f_over_T_b", "ratio_to_paper"] == pytest.approx(1.0 / 0.229)


def test_a_time_ratio_is_nan_unless_all_seeds_reach_the_loss() -> None:
    records = descent_records(
        *(descent("backprop", seed, FAST_DESCENT, 1.0) for seed in (0, 1)),
        descent("forward_gradient", 0, SLOW_DESCENT, 2.0),
        descent("forward_gradient", 1, [4.0, 1.0, 0.4, 0.3], 2.0),
    )
    row = quantities(records).loc["T_f_over_T_b"]
    assert (row["n"], row["n_reached"]) == (2, 1)
    assert np.isnan(row["value"])


@pytest.mark.parametrize(
    ("columns", "paper_value"),
    [({}, 0.229), ({"learning_rate": 1e-3}, np.nan), ({"dimension": 100}, np.nan)],
)
def test_the_value_of_the_paper_requires_its_dimension_and_its_rate(
    columns: Row, paper_value: float
) -> None:
    row = quantities(paired_records(**columns)).loc["T_f_over_T_b"]
    np.testing.assert_equal(row["paper_value"], paper_value)
    has_paper_value = not np.isnan(paper_value)
    assert (row["paper_confidence"] == "figure") == has_paper_value


def test_each_value_of_the_paper_has_a_measured_quantity_and_a_source() -> None:
    from_training = set(quantities(paired_records()).index)
    # These come from trials without validation and from measurements.
    from_other_records = {"backprop_final_loss", "gradient_0", "gradient_1", "R_f", "R_b"}
    paper_quantities = {value.quantity for value in baydin.PAPER}
    assert paper_quantities <= from_training | from_other_records
    sources = {value.confidence for value in baydin.PAPER}
    assert sources <= {"figure", "secondary", "derived"}


def test_run_time_factors_are_ratios_within_a_round() -> None:
    table = quantities(no_records() | {"cost": cost_records()})
    assert table.loc["R_f", "value"] == pytest.approx(2.0)
    assert table.loc["R_b", "value"] == pytest.approx(3.0)
    assert table.loc["R_b", "ratio_to_paper"] == pytest.approx(3.0 / 4.17)
