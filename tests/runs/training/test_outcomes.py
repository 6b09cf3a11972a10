"""A trial becomes a row with a status and the rows of its curve."""

from typing import Any

import numpy as np
import pytest

from dirgrad.components import registry
from dirgrad.components.optimizers.hard_thresholding import HardThresholding
from dirgrad.components.problems.sparse_regression import SparseRegression
from dirgrad.records.files import to_table
from dirgrad.records.schemas import TrialStatus
from dirgrad.records.training_schemas import CURVES, TRIALS
from dirgrad.runs.training import outcomes
from dirgrad.runs.training.outcomes import History, Trained
from dirgrad.runs.training.trials import Lane
from support.small_trainings import job_with_three_record_points

NAN, INF = float("nan"), float("inf")
LANES = [Lane(0.1, 0), Lane(0.1, 1), Lane(0.2, 0)]


def history_with_losses(*losses: list[float], **fields: Any) -> History:
    """Return a history with the losses of all lanes at each record point."""
    points = [
        {"step": 10 * i, "train_seconds": 0.5 * i, "loss": np.array(lane_losses)}
        for i, lane_losses in enumerate(losses)
    ]
    lanes = LANES[: len(losses[0])] if losses else LANES
    return History(lanes, points, 1.0, 2.0, **fields)


def trial_rows(history: History, name: str = "backprop", **options: Any) -> list[dict[str, Any]]:
    """Return a row per trial of a history of this estimator."""
    rows, _ = outcomes.rows(trained(name, **options), history)
    return rows


def trained(name: str, **options: Any) -> Trained:
    """Return an estimator of a small training, by name."""
    job = job_with_three_record_points(**options)
    return Trained(name, job.estimators[name], job.settings, job.run, job.backend)


def test_trials_that_reach_the_last_step_are_ok() -> None:
    rows = trial_rows(history_with_losses([3.0, 4.0], [2.0, 3.0], [1.0, 2.0]))
    assert [row["status"] for row in rows] == [TrialStatus.OK, TrialStatus.OK]
    assert [row["final_loss"] for row in rows] == [1.0, 2.0]
    expected = {
        "reason": "",
        "steps": 20,
        "train_seconds": 1.0,
        "step_seconds": 0.05,
        "compile_seconds": 2.0,
        "lanes": 2,
    }
    assert {name: rows[0][name] for name in expected} == expected


def test_a_trial_records_the_steps_at_which_it_is_compared() -> None:
    history = history_with_losses([3.0], [2.0], [1.0])
    for options, horizon in (({}, 20), ({"horizon": 10}, 10)):
        (row,) = trial_rows(history, **options)
        assert row["horizon_steps"] == horizon


def test_a_trial_records_the_sizes_that_its_components_declare() -> None:
    law = {"kind": "random_support", "support": 99}
    plain = trained("backprop")
    sparse = plain._replace(
        estimator=registry.parse("estimators", {"kind": "forward_gradient", "direction": law}),
        training=plain.training.model_copy(
            update={
                "problem": SparseRegression(dimension=20, nonzeros=3),
                "optimizer": HardThresholding(keep=6),
            }
        ),
    )
    sizes = ("dimension", "nonzeros", "keep", "support")
    history = history_with_losses([3.0], [2.0], [1.0])
    for case, expected in ((sparse, (20, 3, 6, 20)), (plain, (2, None, None, None))):
        (row,), _ = outcomes.rows(case, history)
        assert tuple(row[name] for name in sizes) == expected


@pytest.mark.parametrize("bad_loss", [NAN, INF, -INF, 1e7, -1e7])
@pytest.mark.parametrize("point", [0, 1, 2])
def test_a_trial_diverges_at_its_first_bad_loss_and_its_neighbor_does_not(
    bad_loss: float, point: int
) -> None:
    losses = [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    losses[point][1] = bad_loss
    neighbor, diverged = trial_rows(history_with_losses(*losses))
    assert (neighbor["status"], diverged["status"]) == (TrialStatus.OK, TrialStatus.DIVERGED)
    assert (neighbor["steps"], diverged["steps"]) == (20, 10 * point)
    assert f"by step {10 * point}" in diverged["reason"]


def test_a_trial_diverges_above_the_limit_and_not_at_the_limit() -> None:
    history = history_with_losses([1.0, 1.0], [2.0, 2.5], [1.0, 1.0])
    at_limit, above_limit = trial_rows(history, diverged_above=2.0)
    assert (at_limit["status"], above_limit["status"]) == (TrialStatus.OK, TrialStatus.DIVERGED)


def test_a_trial_diverges_if_its_minibatch_loss_does() -> None:
    history = history_with_losses([1.0, 1.0], [1.0, 1.0], [1.0, 1.0])
    history.points[1]["batch_loss"] = np.array([1.0, NAN])
    assert [row["status"] for row in trial_rows(history)] == [TrialStatus.OK, TrialStatus.DIVERGED]


def test_the_curve_of_a_diverged_trial_ends_at_its_first_bad_point() -> None:
    history = history_with_losses([1.0, 1.0], [1.0, NAN], [1.0, 1.0])
    _, curves = outcomes.rows(trained("backprop"), history)
    assert [(row["seed"], row["step"]) for row in curves] == [
        (0, 0),
        (0, 10),
        (0, 20),
        (1, 0),
        (1, 10),
    ]


def test_trials_that_stop_early_have_timed_out_unless_they_diverged() -> None:
    history = history_with_losses([1.0, 1.0], [0.5, NAN])
    timed_out, diverged = trial_rows(history, timeout_seconds=9.0)
    assert (timed_out["status"], timed_out["reason"]) == (
        TrialStatus.TIMEOUT,
        "9 seconds of training were spent at step 10",
    )
    assert (timed_out["steps"], timed_out["final_loss"]) == (10, 0.5)
    assert diverged["status"] == TrialStatus.DIVERGED


@pytest.mark.parametrize("status", [TrialStatus.UNSUPPORTED, TrialStatus.TIMEOUT])
def test_trials_that_did_not_start_are_rows_with_a_reason_and_no_curve(status: TrialStatus) -> None:
    history = history_with_losses(status=status, reason="because")
    rows, curves = outcomes.rows(trained("forward"), history)
    assert [Lane(row["learning_rate"], row["seed"], row["stage"]) for row in rows] == LANES
    assert {(row["status"], row["reason"], row["steps"], row["evaluations"]) for row in rows} == {
        (status, "because", 0, 0)
    }
    assert to_table(rows, TRIALS).column("final_loss").null_count == len(LANES)
    assert curves == []


@pytest.mark.parametrize(("name", "per_step"), [("backprop", 1), ("forward", 4), ("central", 2)])
def test_evaluations_are_counted_up_to_the_last_step_of_a_trial(name: str, per_step: int) -> None:
    history = history_with_losses([1.0, 1.0], [1.0, NAN], [1.0, 1.0])
    complete, diverged = trial_rows(history, name)
    assert complete["evaluations"] == 20 * per_step
    assert diverged["evaluations"] == 10 * per_step


def test_a_row_identifies_its_trial() -> None:
    (row,) = trial_rows(
        history_with_losses([1.0], [1.0], [1.0]),
        "forward",
        problem={"kind": "quadratic", "dimension": 7},
        learning_rate_decay=0.5,
    )
    expected = {
        "problem": "quadratic",
        "backend": "jax",
        "estimator": "forward",
        "estimator_kind": "forward_gradient",
        "direction": "gaussian",
        "num_directions": 4,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "learning_rate_decay": 0.5,
        "batch_size": 0,
        "seed": 0,
        "dimension": 7,
        "precision": "float32",
        "threads": 2,
        "exclusive": True,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_row_has_the_batch_size_of_a_problem_with_data() -> None:
    (row,) = trial_rows(
        history_with_losses([1.0], [1.0], [1.0]),
        problem={"kind": "logistic_regression", "dataset": "digits"},
        batch_size=32,
    )
    assert (row["batch_size"], row["dimension"], row["direction"]) == (32, 65 * 10, "")


def test_every_column_of_a_row_is_in_the_schema() -> None:
    rows = trial_rows(history_with_losses([1.0, 1.0], [1.0, NAN], [1.0, 1.0]), "forward")
    assert set().union(*rows) <= set(TRIALS.names)


def test_a_curve_row_identifies_its_trial_and_has_all_values_of_its_point() -> None:
    history = history_with_losses([1.0], [2.0])
    history.points[1] |= {
        "batch_loss": np.array([3.0]),
        "theta_0": np.array([4.0]),
        "theta_1": np.array([5.0]),
    }
    _, curves = outcomes.rows(trained("forward"), history)
    row = to_table(curves, CURVES).to_pylist()[1]
    assert {name: value for name, value in row.items() if value is not None} == {
        "backend": "jax",
        "estimator": "forward",
        "stage": "final",
        "learning_rate": 0.1,
        "seed": 0,
        "step": 10,
        "train_seconds": 0.5,
        "loss": 2.0,
        "batch_loss": 3.0,
        "theta_0": 4.0,
        "theta_1": 5.0,
    }
