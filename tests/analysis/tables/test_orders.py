"""The table `orders` fits the power of the step draw by draw, and tests the fit."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.samples import parse_samples
from dirgrad.analysis.tables import orders
from support.hand_made_records import QUICK, WORKLOAD, frame

STEPS = (0.01, 0.001, 0.0001)


def order_rows(errors: dict[float, np.ndarray], biases: dict[float, np.ndarray]) -> pd.DataFrame:
    """Return the table for errors and biases by step, one per draw."""
    estimate = WORKLOAD | {
        "quality": "one",
        "estimator": "central",
        "num_directions": 1,
        "minibatch": 0,
        "precision": "float64",
        "status": "ok",
    }
    rows = [
        estimate
        | {"eps": eps, "draw": i, "difference_error": error, "difference_bias": biases[eps][i]}
        for eps, by_draw in errors.items()
        for i, error in enumerate(by_draw)
    ]
    return orders.make({"draws": frame("draws", rows)}, QUICK)


def power_law(order: float, scales: np.ndarray) -> dict[float, np.ndarray]:
    return {eps: scales * eps**order for eps in STEPS}


def test_a_power_law_has_its_order_in_every_draw_and_no_bend() -> None:
    scales = np.geomspace(1, 1e6, 20)
    (row,) = order_rows(power_law(1.5, scales), power_law(2.0, -scales)).to_dict("records")
    assert row["order"] == pytest.approx(1.5)
    values = parse_samples(row["order_values"])
    assert values.n == row["blocks"] == 10
    np.testing.assert_allclose(values.low, 1.5)
    assert row["bend"] == pytest.approx(0, abs=1e-9)
    assert row["bias_order"] == pytest.approx(2.0)
    assert (row["draws"], row["steps"]) == (20, 3)
    assert (row["eps_from"], row["eps_to"]) == (1e-4, 1e-2)


def test_errors_that_do_not_follow_a_line_bend_and_fail_the_test_of_the_fit() -> None:
    """The error falls as eps from 1e-2 to 1e-3 and as eps^3 from there on."""
    rng = np.random.default_rng(0)
    scales = np.exp(rng.standard_normal(40))
    bent = power_law(1.0, scales)
    bent[1e-4] = bent[1e-4] / 100
    (row,) = order_rows(bent, power_law(1.0, scales)).to_dict("records")
    # The slopes are 1 and 3, and a parabola changes its slope twice as much from end to end.
    assert row["order"] == pytest.approx(2.0)
    assert row["bend"] == pytest.approx(-4.0)
    assert row["lack_of_fit"] < 1e-6
    straight = power_law(1.0, scales)
    for eps, noise in zip(STEPS, rng.standard_normal((3, 40)), strict=True):
        straight[eps] = straight[eps] * np.exp(0.1 * noise)
    (row,) = order_rows(straight, power_law(1.0, scales)).to_dict("records")
    assert row["lack_of_fit"] > 1e-3


def test_steps_at_which_rounding_dominates_are_left_out() -> None:
    scales = np.ones(4)
    errors = power_law(2.0, scales) | {1e-5: scales * 1e-12, 1e-6: scales * 1e-10}
    biases = {eps: error * 1.0 for eps, error in errors.items()}
    table = order_rows(errors, biases)
    assert table.empty, "only 1e-2 and 1e-3 are more than ten times the best step"
    errors |= {0.1: scales * 1e-2}
    biases = {eps: error * 1.0 for eps, error in errors.items()}
    (row,) = order_rows(errors, biases).to_dict("records")
    assert (row["steps"], row["eps_from"]) == (3, 1e-3)
    assert row["order"] == pytest.approx(2.0)


def test_a_block_whose_bias_changes_its_sign_has_no_order() -> None:
    scales = np.ones(3)
    biases = power_law(2.0, scales)
    biases[1e-3] = biases[1e-3] * np.array([1.0, -1.0, 1.0])
    (row,) = order_rows(power_law(2.0, scales), biases).to_dict("records")
    assert parse_samples(row["bias_order_values"]).keys.tolist() == [0, 2]


def test_other_estimators_have_no_order() -> None:
    estimate = WORKLOAD | {"quality": "one", "estimator": "f", "num_directions": 1, "status": "ok"}
    assert orders.make({"draws": frame("draws", [estimate])}, QUICK).empty
