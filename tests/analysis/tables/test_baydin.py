"""The table `baydin` compares measured quantities with the paper of Baydin et al. 2022."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.paper_values import PAPER
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
    # Backprop ends at 0.5. The forward gradient has 1.0 at step 10 and 0.0 at step 20.
    bounds = table[["value_from", "value_to"]]
    assert bounds.loc["T_f_seconds"].to_list() == pytest.approx([2.2, 4.0])
    assert bounds.loc["T_f_over_T_b"].to_list() == pytest.approx([2.2 / 3, 4 / 3])
    assert np.isnan(table.loc["T_f_over_T_b", "value"])
    assert table.loc["seconds_forward_over_backprop", "value"] == pytest.approx(2.0)


def test_a_time_ratio_is_a_number_where_its_bracket_is_narrow() -> None:
    records = paired_records(forward=[4.0, 1.0, 0.0, 0.0])
    steps = records["curves"].assign(step=records["curves"]["step"] // 10)
    row = quantities({**records, "curves": steps}).loc["T_f_over_T_b"]
    assert row["value"] == pytest.approx(4 / 3)
    assert row["ratio_to_paper"] == pytest.approx(4 / 3 / 0.229)


def test_a_seed_that_misses_the_loss_gives_a_lower_bound() -> None:
    records = descent_records(
        *(descent("backprop", seed, FAST_DESCENT, 1.0) for seed in (0, 1)),
        descent("forward_gradient", 0, SLOW_DESCENT, 2.0),
        descent("forward_gradient", 1, [4.0, 1.0, 0.4, 0.3], 2.0),
    )
    row = quantities(records).loc["T_f_over_T_b"]
    assert (row["n"], row["n_reached"]) == (2, 1)
    assert np.isnan(row["value"])
    assert row["value_values"] == "0:2..inf 1:0.733333333..1.33333333"


def test_a_margin_ends_both_times_before_backprop_levels_off() -> None:
    level_off = [4.0, 0.502, 0.501, 0.5]
    records = descent_records(
        *(descent("backprop", seed, level_off, 1.0) for seed in (0, 1)),
        *(descent("forward_gradient", seed, [4.0, 3.0, 0.504, 0.503], 2.0) for seed in (0, 1)),
    )
    table = quantities(records)
    assert table.loc["T_f_over_T_b", "n_reached"] == 0
    with_margin = table.loc["T_f_over_T_b_with_margin"]
    assert with_margin["n_reached"] == 2
    assert with_margin["value_to"] == pytest.approx(4.0 / 0.1)


def test_the_mean_curves_have_one_time_ratio() -> None:
    records = descent_records(
        *(descent("backprop", seed, FAST_DESCENT, 1.0) for seed in (0, 1)),
        descent("forward_gradient", 0, [4.0, 1.0, 0.6, 0.5], 2.0),
        descent("forward_gradient", 1, [4.0, 1.0, 0.3, 0.2], 2.0),
    )
    row = quantities(records).loc["T_f_over_T_b_of_mean_curves"]
    assert (row["n"], row["n_reached"]) == (1, 1)
    assert row["value_to"] == pytest.approx(4.0 / 3.0)


def test_estimators_are_compared_at_the_horizon_and_train_on_beyond_it() -> None:
    records = descent_records(
        *(
            descent("backprop", seed, [4.0, 2.0, 1.0, 0.5], 1.0, horizon_steps=20)
            for seed in (0, 1)
        ),
        descent("forward_gradient", 0, [4.0, 3.0, 1.5, 1.0], 2.0, horizon_steps=20),
        descent("forward_gradient", 1, [4.0, 3.0, 1.0, 0.9], 2.0, horizon_steps=20),
    )
    table = quantities(records)
    assert table.loc["seconds_forward_over_backprop", "value"] == pytest.approx(2.0)
    assert table.loc["backprop_final_valid_loss", "value"] == pytest.approx(1.0)
    assert table.loc["forward_final_valid_loss", "value_values"] == "0:1.5 1:1"
    # Backprop has 1.0 at the horizon, after 2 s; its later loss of 0.5 does not count.
    assert table.loc["T_b_seconds", "value"] == pytest.approx(2.0)
    assert table.loc["T_f_over_T_b", "value_values"] == "0:2.1..3 1:1.1..2"


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
    paper_quantities = {value.quantity for value in PAPER}
    assert paper_quantities <= from_training | from_other_records
    sources = {value.confidence for value in PAPER}
    assert sources <= {"figure", "secondary", "derived"}


def test_run_time_factors_are_ratios_within_a_round() -> None:
    table = quantities(no_records() | {"cost": cost_records()})
    assert table.loc["R_f", "value"] == pytest.approx(2.0)
    assert table.loc["R_b", "value"] == pytest.approx(3.0)
    assert table.loc["R_b", "ratio_to_paper"] == pytest.approx(3.0 / 4.17)


def test_every_estimator_is_compared_with_backprop_but_only_the_papers_with_the_paper() -> None:
    seeds = (0, 1)
    records = descent_records(
        *(descent("backprop", seed, FAST_DESCENT, 1.0) for seed in seeds),
        *(descent("forward_gradient", seed, [4.0, 1.0, 0.6, 0.5], 2.0) for seed in seeds),
        *(descent("rank_one", seed, [4.0, 1.0, 0.3, 0.2], 0.5) for seed in seeds),
    )
    table = baydin.make(records, QUICK).set_index(["estimator", "quantity"])
    assert set(table.index.levels[0]) == {"forward_gradient", "rank_one"}
    ratios = table.xs("T_f_over_T_b", level="quantity")
    assert ratios.loc["forward_gradient", "value_to"] == pytest.approx(2.0)
    assert ratios.loc["rank_one", "value_to"] == pytest.approx(1 / 3)
    assert table.loc[("rank_one", "forward_final_valid_loss"), "value"] == pytest.approx(0.2)
    assert table.loc[("rank_one", "seconds_forward_over_backprop"), "value"] == pytest.approx(0.5)
    assert ratios["paper_value"].to_dict() == pytest.approx(
        {"forward_gradient": 0.229, "rank_one": np.nan}, nan_ok=True
    )


def test_records_without_a_horizon_are_compared_at_their_end() -> None:
    with_horizon, without = (
        quantities(paired_records(horizon_steps=horizon)) for horizon in (30, None)
    )
    pd.testing.assert_frame_equal(without, with_horizon)


def test_run_time_factors_are_given_for_every_estimator() -> None:
    rows = cost_records()
    other = rows[rows["estimator"] == "forward_gradient"].assign(estimator="rank_one")
    other["seconds"] *= 0.5
    table = baydin.make(no_records() | {"cost": pd.concat([rows, other])}, QUICK)
    factors = table.set_index(["estimator", "quantity"])["value"]
    assert factors["forward_gradient", "R_f"] == pytest.approx(2.0)
    assert factors["rank_one", "R_f"] == pytest.approx(1.0)
    assert factors["rank_one", "R_b"] == pytest.approx(3.0)
