"""The table `matrix` joins training, cost and noise, and gives a reason for every absent value."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.tables import matrix
from dirgrad.analysis.tables.summary import Records
from support.hand_made_records import (
    NOT_VALIDATED,
    QUICK,
    cost_records,
    frame,
    no_records,
    trial_records,
    trials_at_rate,
)

FORWARD = {"estimator": "forward_gradient", "estimator_kind": "forward_gradient"}


def trials() -> pd.DataFrame:
    """Return two trials per rate: the forward gradient diverges at the higher rate."""
    diverged = {"status": "diverged", "reason": "loss not finite or above 100 by step 2"}
    return trial_records(
        *trials_at_rate(0.1, 1.0, 1.0),
        *trials_at_rate(0.2, 0.4, 0.6, valid_loss=0.5, test_accuracy=0.9),
        *trials_at_rate(0.1, 0.8, 0.8, **FORWARD),
        *trials_at_rate(0.2, np.nan, np.nan, **FORWARD, **diverged),
    )


def timings() -> pd.DataFrame:
    """Return two rounds in which a step takes 4 and 8 seconds, and 40 bytes to 10 of the loss."""
    records = cost_records()
    is_step = records["part"] == "step"
    return records.assign(cost="matrix", graph_temp_bytes=np.where(is_step, 40, 10))


def draws(**columns: Any) -> pd.DataFrame:
    """Return two exact estimates by backprop, and two forward gradients with an SNR of 0.25."""
    draw = {
        "quality": "matrix",
        "problem": "mlp",
        "backend": "jax",
        "dimension": 3,
        "precision": "float32",
        "gradient_norm": 1.0,
        "error_product": 0.0,
        "norm_ratio": 1.0,
        "cosine": 0.5,
        "status": "ok",
    }
    exact = {"estimator": "backprop", "relative_squared_error": 0.0, "signal_to_noise_theory": None}
    noisy = FORWARD | {"relative_squared_error": 4.0, "signal_to_noise_theory": 0.2}
    rows = [draw | estimator | {"draw": i} for estimator in (exact, noisy) for i in range(2)]
    return frame("draws", [row | columns for row in rows])


def records(**kinds: pd.DataFrame) -> Records:
    """Return records of training, cost and draws; those in `kinds` replace the usual ones."""
    whole = {"trials": trials(), "cost": timings(), "draws": draws()}
    return no_records() | whole | kinds


def matrix_of(**kinds: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix by problem and estimator, from the records of the function `records`."""
    return matrix.make(records(**kinds), QUICK).set_index(["problem", "estimator"])


def test_a_row_joins_the_best_rate_the_step_and_the_noise() -> None:
    row = matrix_of().loc[("mlp", "forward_gradient")]
    expected = {
        "learning_rate": 0.1,
        "n": 2,
        "final_loss": 0.8,
        "test_accuracy": 0.5,
        "rounds": 2,
        "step_seconds": 6.0,
        "step_over_backprop": 1.0,
        "step_temp_bytes": 40,
        "temp_bytes_over_inference": 4.0,
        "draws": 2,
        "snr": 0.25,
        "snr_theory": 0.2,
    }
    assert row[[*expected]].to_dict() == pytest.approx(expected)
    assert (row["final_loss_low"], row["final_loss_high"]) == pytest.approx((0.8, 0.8))
    assert (row["status"], row["reason"], row["optimizer"]) == ("ok", "", "sgd")


def test_an_estimator_is_shown_at_its_own_best_rate() -> None:
    row = matrix_of().loc[("mlp", "backprop")]
    assert (row["learning_rate"], row["n"]) == (0.2, 2)
    assert row["final_loss"] == pytest.approx(0.5)
    assert row["test_accuracy"] == pytest.approx(0.9)


def test_an_estimate_without_noise_has_an_infinite_signal_to_noise_ratio() -> None:
    row = matrix_of().loc[("mlp", "backprop")]
    assert row["snr"] == np.inf
    assert (row["status"], row["reason"]) == ("ok", "snr_theory: the estimator declares none")


def test_a_row_of_trials_that_diverged_says_at_which_rates() -> None:
    failing = trials()
    of_forward = failing["estimator"] == "forward_gradient"
    reason = "loss not finite or above 100 by step 2"
    failing.loc[of_forward, ["status", "reason"]] = ("diverged", reason)
    row = matrix_of(trials=failing).loc[("mlp", "forward_gradient")]
    assert row["status"] == "diverged"
    assert row["reason"] == (
        "training: 2 of 2 trials diverged at rate 0.1, 2 of 2 trials diverged at rate 0.2 "
        f"({reason})"
    )
    assert pd.isna(row["final_loss"])
    assert row["n"] == 0
    assert row["step_seconds"] == pytest.approx(6.0)


@pytest.mark.parametrize("kind", ["trials", "cost", "draws"])
def test_a_part_without_records_is_a_status_in_every_row(kind: str) -> None:
    part = {"trials": "training", "cost": "cost", "draws": "noise"}[kind]
    table = matrix_of(**{kind: no_records()[kind]})
    assert len(table) == 2
    assert set(table["status"]) == {"not measured"}
    assert all(f"{part}: not measured in this tier" in reason for reason in table["reason"])


def test_every_combination_of_problem_framework_and_estimator_has_a_row() -> None:
    other = timings().assign(problem="cnn", backend="torch")
    table = matrix_of(cost=pd.concat([timings(), other])).reset_index()
    keys = table[["problem", "backend", "estimator"]]
    assert len(keys.drop_duplicates()) == len(table) == 2 * 2 * 2
    untrained = table[table["problem"] == "cnn"]
    assert set(untrained["status"]) == {"not measured"}


def test_an_estimate_that_cannot_be_computed_states_the_reason() -> None:
    refused = {"status": "unsupported", "reason": "no rule for max_pool2d"}
    table = matrix_of(draws=draws(**refused))
    assert set(table["status"]) == {"unsupported"}
    assert set(table["reason"]) == {"noise: no rule for max_pool2d"}
    assert set(table["draws"]) == {0}


def test_a_problem_without_classes_has_no_accuracy_and_says_so() -> None:
    table = matrix_of(trials=trials().assign(**NOT_VALIDATED))
    assert table["test_accuracy"].isna().all()
    assert all("test_accuracy: the problem has no classes" in text for text in table["reason"])


def test_a_loss_that_allocates_nothing_gives_no_ratio_of_memory() -> None:
    table = matrix_of(cost=timings().assign(graph_temp_bytes=0))
    assert table["temp_bytes_over_inference"].isna().all()
    assert all("the loss function allocates no memory" in text for text in table["reason"])


def test_only_the_measurements_with_the_name_of_the_table_are_shown() -> None:
    others = {"cost": timings().assign(cost="baydin"), "draws": draws(quality="laws")}
    assert matrix_of(**others).empty
