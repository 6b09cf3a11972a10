"""The tables that hold our numbers beside the paper's, and estimators beside each other, from hand-made records."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.analysis.tables import (
    baydin,
    bench,
    coordinates,
    cost,
    equal_loss,
    memory,
    quality,
    scaling,
    stability,
    targets,
)
from dirgrad.analysis.tables.crossing import crossing
from dirgrad.config.settings import Statistics
from dirgrad.records import files, schemas

QUICK = Statistics(resamples=50)
SLOW_DESCENT, FAST_DESCENT = [4.0, 3.0, 2.0, 1.0], [4.0, 2.0, 1.0, 0.5]


def trial(
    estimator: str, seed: int, curve: list[float], seconds: float, **others: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A trial of three record points after its start, ten steps apart, and its curve; accuracy is 1 / (1 + loss)."""
    same = {
        "experiment": "mlp",
        "backend": "jax",
        "estimator": estimator,
        "stage": "final",
        "learning_rate": 2e-4,
        "seed": seed,
    }
    same |= {
        name: others.pop(name) for name in tuple(others) if name in ("experiment", "learning_rate")
    }
    points = [
        same
        | {
            "step": 10 * i,
            "train_seconds": seconds * i,
            "loss": x,
            "valid_loss": x,
            "test_accuracy": 1 / (1 + x),
        }
        for i, x in enumerate(curve)
    ]
    evaluations = 60 if estimator == "forward_gradient" else 30
    row = same | {
        "estimator_kind": estimator,
        "status": "ok",
        "steps": 30,
        "evaluations": evaluations,
        "optimizer": "sgd",
    }
    row |= {
        "final_loss": curve[-1],
        "valid_loss": curve[-1],
        "train_seconds": 3 * seconds,
        "dimension": 1_863_690,
    }
    return row | {"target_loss": 2.5} | others, points


def kept(*made: tuple[dict[str, Any], list[dict[str, Any]]]) -> dict[str, pd.DataFrame]:
    found = {
        kind: files.to_table([], schema).to_pandas() for kind, schema in schemas.SCHEMAS.items()
    }
    found["trials"] = files.to_table([row for row, _ in made], schemas.TRIALS).to_pandas()
    found["curves"] = files.to_table(
        [point for _, points in made for point in points], schemas.CURVES
    ).to_pandas()
    return found


def pair(forward: list[float] = SLOW_DESCENT, **others: Any) -> dict[str, pd.DataFrame]:
    made = [trial("backprop", seed, FAST_DESCENT, 1.0, **others) for seed in (0, 1)]
    return kept(
        *made, *(trial("forward_gradient", seed, forward, 2.0, **others) for seed in (0, 1))
    )


# crossing

CURVE = st.lists(st.floats(0.01, 100.0), min_size=2, max_size=8)


@given(CURVE, st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_a_level_is_crossed_where_the_line_through_the_points_first_comes_down_to_it(
    losses: list[float], share: float
) -> None:
    values, steps = np.array(losses), np.arange(len(losses)) * 10.0
    level = values.min() + share * (values.max() - values.min())
    found = crossing(steps, values, level)
    assert np.interp(found, steps, values) <= level + 1e-6
    before = np.interp(found * np.linspace(0, 1, 50)[:-1], steps, values)
    assert found == 0 or (before >= level - 1e-6).all()


def test_a_level_that_is_not_reached_is_nan_and_one_at_the_start_is_the_start() -> None:
    steps, losses = np.array([0.0, 10.0]), np.array([2.0, 1.0])
    assert np.isnan(crossing(steps, losses, 0.5))
    assert crossing(steps, losses, 3.0) == 0.0
    assert crossing(steps, losses, 1.5) == 5.0


# baydin


def quantities(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return baydin.make(found, QUICK).set_index("quantity")


def test_the_times_are_those_to_backprops_lowest_validation_loss() -> None:
    made = quantities(pair(forward=[4.0, 1.0, 0.0, 0.0]))
    assert made.loc["T_b_seconds", "value"] == pytest.approx(3.0)
    # 0.5 lies half way from 1.0, at 2 seconds, to 0.0, at 4.
    assert made.loc["T_f_seconds", "value"] == pytest.approx(3.0)
    assert made.loc["T_f_over_T_b", "value"] == pytest.approx(1.0)
    assert made.loc["seconds_forward_over_backprop", "value"] == pytest.approx(2.0)
    assert made.loc["T_f_over_T_b", "ratio_to_paper"] == pytest.approx(1.0 / 0.229)


def test_a_time_that_not_all_seeds_have_is_counted_and_not_averaged() -> None:
    found = kept(
        *(trial("backprop", seed, FAST_DESCENT, 1.0) for seed in (0, 1)),
        trial("forward_gradient", 0, SLOW_DESCENT, 2.0),
        trial("forward_gradient", 1, [4.0, 1.0, 0.4, 0.3], 2.0),
    )
    row = quantities(found).loc["T_f_over_T_b"]
    assert (row["n"], row["n_reached"]) == (2, 1)
    assert np.isnan(row["value"])


@pytest.mark.parametrize(
    ("others", "paper"),
    [({}, 0.229), ({"learning_rate": 1e-3}, np.nan), ({"dimension": 100}, np.nan)],
)
def test_the_papers_value_stands_only_beside_a_problem_of_its_size_and_rate(
    others: dict[str, Any], paper: float
) -> None:
    row = quantities(pair(**others)).loc["T_f_over_T_b"]
    np.testing.assert_equal(row["paper_value"], paper)
    assert (row["paper_confidence"] == "figure") == (paper == paper)


def test_a_value_of_the_paper_is_of_an_experiment_and_a_quantity_that_are_made() -> None:
    made = set(quantities(pair()).index) | {
        "backprop_final_loss",
        "gradient_0",
        "gradient_1",
        "R_f",
        "R_b",
    }
    assert {known.quantity for known in baydin.PAPER} <= made
    assert {known.confidence for known in baydin.PAPER} <= {"figure", "secondary", "derived"}


SUBJECT = {
    "backend": "jax",
    "problem": "mlp",
    "problem_kind": "mlp",
    "dimension": 1_863_690,
    "depth": 3,
    "batch_size": 64,
    "threads": 1,
}


def timed(part: str, estimator: str | None, *seconds: float) -> list[dict[str, Any]]:
    named = {
        "cost": "baydin",
        "part": part,
        "estimator": estimator,
        "estimator_kind": estimator,
        "precision": "float32",
    }
    return [SUBJECT | named | {"round": i, "calls": 1, "seconds": x} for i, x in enumerate(seconds)]


def timings() -> pd.DataFrame:
    rows = [*timed("forward", None, 1.0, 2.0), *timed("forward_again", None, 1.1, 2.2)]
    for name, factor in (("backprop", 3.0), ("forward_gradient", 2.0)):
        rows += [*timed("gradient", name, factor, 2 * factor), *timed("step", name, 4.0, 8.0)]
    return files.to_table(rows, schemas.COST).to_pandas()


def test_the_run_time_factors_are_ratios_of_a_round() -> None:
    made = quantities(kept() | {"cost": timings()})
    assert made.loc["R_f", "value"] == pytest.approx(2.0)
    assert made.loc["R_b", "value"] == pytest.approx(3.0)
    assert made.loc["R_b", "ratio_to_paper"] == pytest.approx(3.0 / 4.17)


# cost, memory, quality, stability


def test_costs_are_ratios_to_the_function_alone_and_the_noise_is_its_ratio_to_itself() -> None:
    made = cost.make({"cost": timings()}, QUICK).set_index("estimator")
    assert made["gradient_over_forward"].to_dict() == pytest.approx(
        {"backprop": 3.0, "forward_gradient": 2.0}
    )
    assert made["step_over_forward"].to_dict() == pytest.approx(
        {"backprop": 4.0, "forward_gradient": 4.0}
    )
    assert made["timing_noise"].to_list() == pytest.approx([1.1, 1.1])
    assert made["n"].to_list() == [2, 2]


def test_steps_are_held_against_backprop_the_plain_way_the_function_and_the_floor() -> None:
    """The floor of backprop: two products more per one of the function."""
    rows = timings().assign(
        product_flops=100,
        derivative_product_flops=200,
        signal_to_noise_theory=0.5,
        graph_temp_bytes=10,
    )
    made = bench.make({"cost": rows}, QUICK).set_index("estimator")
    assert made["step_over_forward"].to_dict() == pytest.approx(
        {"backprop": 4.0, "forward_gradient": 4.0}
    )
    assert (
        made["step_over_backprop"].to_dict()
        == made["step_over_plain"].to_dict()
        == {"backprop": 1.0, "forward_gradient": 1.0}
    )
    assert made.loc["backprop", "step_over_flop_bound"] == pytest.approx(4 / 3)
    assert made.loc["forward_gradient", "snr_per_second"] == pytest.approx(0.5 / 6)
    assert made.loc["forward_gradient", "snr_per_second_and_byte"] == pytest.approx(0.05 / 6)


def test_memory_is_summarised_over_processes() -> None:
    row = SUBJECT | {"memory": "depth", "estimator": "inference", "parameter_bytes": 8}
    rows = [row | {"round": i, "resident_peak_bytes": peak} for i, peak in enumerate((10, 30))]
    (made,) = memory.make(
        {"memory": files.to_table(rows, schemas.MEMORY).to_pandas()}, QUICK
    ).to_dict("records")
    assert (made["resident_peak_bytes"], made["n"], made["parameter_bytes"]) == (20.0, 2, 8)


def test_the_signal_to_noise_ratio_is_of_the_plain_mean_of_squared_errors() -> None:
    row = SUBJECT | {
        "quality": "one",
        "estimator": "f",
        "estimator_kind": "forward_gradient",
        "direction": "gaussian",
    }
    row |= {
        "num_directions": 2,
        "precision": "float32",
        "cosine": 0.5,
        "gradient_norm": 1.0,
        "signal_to_noise_theory": 0.25,
    }
    errors = [1.0, 1.0, 1.0, 97.0]
    rows = [
        row | {"draw": i, "relative_squared_error": x, "error_product": 4.0 * (i % 2)}
        for i, x in enumerate(errors)
    ]
    (made,) = quality.make(
        {"draws": files.to_table(rows, schemas.DRAWS).to_pandas()}, QUICK
    ).to_dict("records")
    assert made["snr"] == pytest.approx(1 / 25)
    assert made["snr_low"] <= made["snr"] <= made["snr_high"]
    assert made["snr_theory"] == pytest.approx(0.25)
    assert made["best_shrinkage_theory"] == pytest.approx(0.2)
    assert made["cosine"] == 0.5
    assert made["squared_bias"] == pytest.approx(2.0)
    assert made["variance"] == pytest.approx(25.0 - 2.0)


@pytest.mark.parametrize(
    ("direction", "count", "expected"),
    [("gaussian", 1, 26.0), ("gaussian", 2, np.nan), ("sphere", 1, np.nan)],
)
def test_closed_forms_of_coordinates_are_of_one_gaussian_direction(
    direction: str, count: int, expected: float
) -> None:
    row = SUBJECT | {
        "quality": "one",
        "estimator": "f",
        "direction": direction,
        "num_directions": count,
    }
    row |= {"estimator_kind": "forward_gradient", "after_steps": 0}
    found = {
        "draws": files.to_table([row | {"gradient_norm": 5.0}], schemas.DRAWS).to_pandas(),
        "coordinates": files.to_table(
            [row | {"gradient": 1.0, "coordinate": 3}], schemas.COORDINATES
        ).to_pandas(),
    }
    np.testing.assert_equal(
        coordinates.make(found, QUICK)["variance_theory"].to_numpy(), [expected]
    )


@pytest.mark.parametrize(
    ("ends", "stable", "unstable"),
    [
        ({0.1: 1.0, 0.2: 1.0, 0.4: 9.0}, 0.2, 0.4),
        ({0.1: 1.0, 0.2: 9.0, 0.4: 1.0}, 0.1, 0.2),
        ({0.1: 9.0, 0.2: 9.0}, np.nan, 0.1),
        ({0.1: 1.0, 0.2: 1.0}, 0.2, np.nan),
        ({0.1: 1.0, 0.2: None}, 0.1, 0.2),
    ],
)
def test_a_rate_is_borne_with_all_below_it(
    ends: dict[float, float | None], stable: float, unstable: float
) -> None:
    row = SUBJECT | {
        "stability": "one",
        "estimator": "f",
        "status": "ok",
        "seed": 0,
        "initial_loss": 5.0,
    }
    rows = [row | {"learning_rate": rate, "final_loss": loss} for rate, loss in ends.items()]
    (made,) = stability.make(
        {"stability": files.to_table(rows, schemas.STABILITY).to_pandas()}, QUICK
    ).to_dict("records")
    np.testing.assert_equal([made["stable_rate"], made["unstable_rate"]], [stable, unstable])


# targets and equal_loss


def test_what_it_takes_to_the_target_is_paired_with_backprop() -> None:
    made = targets.make(pair(), QUICK).set_index("estimator")
    assert made["steps_to_target"].to_dict() == pytest.approx(
        {"backprop": 7.5, "forward_gradient": 15.0}
    )
    assert made["evaluations_to_target"].to_dict() == pytest.approx(
        {"backprop": 7.5, "forward_gradient": 30.0}
    )
    assert made["seconds_over_backprop"].to_dict() == pytest.approx(
        {"backprop": 1.0, "forward_gradient": 4.0}
    )
    assert made["steps_over_backprop"].to_dict() == pytest.approx(
        {"backprop": 1.0, "forward_gradient": 2.0}
    )
    assert made["steps_over_backprop_at_least"].to_dict() == made["steps_over_backprop"].to_dict()


def test_a_target_that_not_all_trials_reach_is_not_summarised() -> None:
    made = targets.make(pair(forward=[4.0, 3.0, 2.9, 2.8]), QUICK).set_index("estimator")
    assert made.loc["forward_gradient", "n_reached"] == 0
    assert (
        made.loc[["forward_gradient"], ["steps_to_target", "steps_over_backprop"]]
        .isna()
        .all(axis=None)
    )
    # Thirty steps were taken, four times the seven and a half of backprop.
    assert made.loc["forward_gradient", "steps_over_backprop_at_least"] == pytest.approx(4.0)
    assert made.loc["backprop", "n_reached"] == 2


def test_an_experiment_without_a_target_is_left_out() -> None:
    assert targets.make(pair(target_loss=None), QUICK).empty


DIMENSIONS = (10, 40, 90)


def grown(last: float = 2.5) -> dict[str, pd.DataFrame]:
    """Evaluations to 2.5 that grow as the square root of the dimension: a straight descent of so many record points, of which the
    last trial of the largest dimension ends at `last`."""
    made = []
    for d in DIMENSIONS:
        for seed in (0, 1):
            lost = d == DIMENSIONS[-1] and seed == 1
            end = last if lost else 2.5
            others = {
                "experiment": f"growth_{d}",
                "dimension": d,
                "problem": "quadratic",
                "direction": "sphere",
            }
            made.append(
                trial(
                    "backprop",
                    seed,
                    [4.0, 3.5, 3.0, end],
                    1.0,
                    evaluations=round(100 * d**0.5),
                    **others,
                )
            )
    return kept(*made)


def test_the_slope_is_the_power_of_the_dimension() -> None:
    (made,) = scaling.make(grown(), QUICK).to_dict("records")
    assert (made["dimensions"], made["lowest_dimension"], made["highest_dimension"]) == (3, 10, 90)
    assert (made["n"], made["n_reached"]) == (6, 6)
    np.testing.assert_allclose(
        [made["slope"], made["slope_low"], made["slope_high"]], 0.5, atol=2e-3
    )


def test_there_is_no_slope_where_a_trial_did_not_reach_the_target() -> None:
    (made,) = scaling.make(grown(last=2.6), QUICK).to_dict("records")
    assert (made["n"], made["n_reached"]) == (6, 5)
    assert np.isnan([made["slope"], made["slope_low"], made["slope_high"]]).all()


def test_a_line_needs_three_dimensions_of_one_family() -> None:
    found = grown()
    two = found["trials"]["dimension"] < DIMENSIONS[-1]
    assert scaling.make(found | {"trials": found["trials"][two]}, QUICK).empty
    found["trials"].loc[found["trials"]["dimension"] == 10, "optimizer"] = "adam"
    assert scaling.make(found, QUICK).empty


def test_accuracies_are_compared_where_both_first_had_the_same_training_loss() -> None:
    (made,) = equal_loss.make(pair(), QUICK).to_dict("records")
    # The level is the forward gradient's end, 1.0: backprop was there at step 20.
    assert made["equal_loss"] == pytest.approx(1.0)
    assert made["test_accuracy"] == pytest.approx(0.5)
    assert made["backprop_test_accuracy"] == pytest.approx(0.5)
    assert made["steps_over_backprop"] == pytest.approx(30 / 20)
    assert (made["estimator"], made["n"]) == ("forward_gradient", 2)


@pytest.mark.parametrize(
    "make",
    [
        module.make
        for module in (baydin, targets, scaling, equal_loss, cost, memory, quality, stability)
    ],
)
def test_a_table_is_made_of_no_records(make: Any) -> None:
    assert make(kept(), QUICK).empty
