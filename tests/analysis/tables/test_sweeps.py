"""The table `sweeps` has the evaluations and the passes to a target at every abscissa."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis import samples
from dirgrad.analysis.tables import sweeps
from dirgrad.core import theory
from support.hand_made_descents import descent_records
from support.hand_made_records import QUICK, Row, frame
from support.hand_made_sweeps import SEEDS, growing, trial


def costs(*ratios: float, **columns: Any) -> list[Row]:
    """Return the cost of an estimate in dimension 40, relative to the loss, by round."""
    workload = {
        "cost": "quadratic",
        "problem": "wide",
        "problem_kind": "quadratic",
        "backend": "jax",
        "dimension": 40,
        "batch_size": 0,
        "status": "ok",
    }
    rows: list[Row] = []
    for number, ratio in enumerate(ratios):
        shared = workload | columns | {"round": number}
        estimate = {"part": "gradient", "estimator": "sphere", "seconds": 0.1 * ratio}
        rows += [shared | {"part": "forward", "seconds": 0.1}, shared | estimate]
    return rows


def table(*cost_rows: Row, **columns: Any) -> pd.DataFrame:
    """Return the table of growing trials, by dimension, with these costs."""
    records = descent_records(*growing(**columns).values())
    return sweeps.make(records | {"cost": frame("cost", cost_rows)}, QUICK).set_index("x")


def test_a_row_has_the_evaluations_of_an_abscissa() -> None:
    rows = table()
    assert rows.index.to_list() == [10, 40, 90]
    assert set(rows["abscissa"]) == {"dimension"}
    assert rows["n_reached"].to_list() == [3, 3, 3]
    efforts = samples.parse_samples(rows.loc[40, "evaluations_to_target_values"])
    assert efforts.keys.tolist() == [*SEEDS]
    assert efforts.low.tolist() == [round((100 + seed) * 40**0.5) for seed in SEEDS]


def test_a_trial_that_misses_the_target_is_counted_and_bounds_the_evaluations() -> None:
    trials = growing()
    trials[90, 1] = trial(90, 1, 950, final_loss=2.6)
    rows = sweeps.make(descent_records(*trials.values()), QUICK).set_index("x")
    assert (rows.loc[90, "n"], rows.loc[90, "n_reached"]) == (3, 2)
    assert np.isnan(rows.loc[90, "evaluations_to_target"])
    efforts = samples.parse_samples(rows.loc[90, "evaluations_to_target_values"])
    assert (efforts.low[1], efforts.high[1]) == (950, np.inf)


def test_passes_are_steps_times_the_measured_cost_of_an_estimate_round_by_round() -> None:
    rows = table(*costs(2.0, 3.0))
    passes = samples.parse_samples(rows.loc[40, "passes_to_target_values"])
    # There are two rounds, so only two of the three trials have a cost.
    expected = [2.0 * round(100 * 40**0.5), 3.0 * round(101 * 40**0.5)]
    np.testing.assert_allclose(passes.low, expected)
    # No cost was measured in the other dimensions.
    assert rows.loc[[10, 90], "passes_to_target_values"].isna().all()


@pytest.mark.parametrize(
    "columns", [{"backend": "torch"}, {"problem_kind": "mlp"}, {"dimension": 41}]
)
def test_a_cost_measured_elsewhere_gives_no_passes(columns: Row) -> None:
    assert table(*costs(2.0, 3.0, **columns))["passes_to_target_values"].isna().all()


def test_two_costs_of_one_workload_give_no_passes() -> None:
    rows = table(*costs(2.0, 3.0), *costs(4.0, 5.0, problem="other"))
    assert rows["passes_to_target_values"].isna().all()


def test_the_closed_form_is_that_of_the_coordinates_on_which_thresholding_moves() -> None:
    by_theory = table(nonzeros=2, keep=4, direction="random_support", support=5, num_directions=3)[
        "evaluations_theory"
    ]
    for dimension, value in by_theory.items():
        mean_square = theory.mean_square_on_part(5, 10, int(str(dimension)), share=1.0)
        assert value == pytest.approx(3 - 1 + mean_square)
    # Without thresholding all coordinates move, and on the whole sphere M = d.
    by_theory = table(nonzeros=2, direction="sphere", num_directions=3)["evaluations_theory"]
    assert by_theory.to_list() == pytest.approx([12.0, 42.0, 92.0])
    assert table(nonzeros=2, direction="gaussian")["evaluations_theory"].isna().all()
    assert table(direction="sphere")["evaluations_theory"].isna().all()
