"""What becomes of trials: statuses, curves, the order of minibatches, the turns of trainings, and progress."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.config import plan
from dirgrad.records.files import to_table
from dirgrad.records.schemas import CURVES, TRIALS, Status
from dirgrad.runs.training import outcomes, progress, train, trials
from dirgrad.runs.training.outcomes import History
from dirgrad.runs.training.trials import Lane

NAN, INF = float("nan"), float("inf")
LANES = [Lane(0.1, 0), Lane(0.1, 1), Lane(0.2, 0)]
FORWARD = {"kind": "forward_gradient", "direction": "gaussian", "num_directions": 4}
CENTRAL = {"kind": "finite_difference", "direction": "sphere", "scheme": "central", "eps": 0.01}


def cell(problem: Any = "beale", **training: Any) -> plan.Cell:
    """A cell of 3 record points."""
    once = {
        "problem": problem,
        "optimizer": "sgd",
        "learning_rates": [0.1, 0.2],
        "seeds": 2,
        "steps": 20,
        "record_every": 10,
    }
    estimators = {"backprop": "backprop", "forward": FORWARD, "central": CENTRAL}
    raw = {"tier": "made", "backends": ["jax"], "estimators": estimators}
    return plan.cell(
        raw | {"experiments": {"one": once | {"estimators": list(estimators)} | training}},
        "one/jax",
    )


def course(*losses: list[float], **others: Any) -> History:
    """One list of losses over the lanes per record point."""
    points = [
        {"step": 10 * i, "train_seconds": 0.5 * i, "loss": np.array(each)}
        for i, each in enumerate(losses)
    ]
    return History(LANES[: len(losses[0])] if losses else LANES, points, 1.0, 2.0, **others)


def ends(course: History, name: str = "backprop", **training: Any) -> list[dict[str, Any]]:
    return outcomes.rows(cell(**training), name, course)[0]


def test_trials_that_come_to_their_last_step_are_ok() -> None:
    (row, *_) = found = ends(course([3.0, 4.0], [2.0, 3.0], [1.0, 2.0]))
    assert [one["status"] for one in found] == [Status.OK, Status.OK]
    assert [one["final_loss"] for one in found] == [1.0, 2.0]
    assert {
        name: row[name]
        for name in ("reason", "steps", "train_seconds", "step_seconds", "compile_seconds", "lanes")
    } == {
        "reason": "",
        "steps": 20,
        "train_seconds": 1.0,
        "step_seconds": 0.05,
        "compile_seconds": 2.0,
        "lanes": 2,
    }


@pytest.mark.parametrize("bad", [NAN, INF, -INF, 1e7, -1e7])
@pytest.mark.parametrize("point", [0, 1, 2])
def test_a_trial_has_diverged_at_its_first_bad_loss_and_its_neighbours_have_not(
    bad: float, point: int
) -> None:
    losses = [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    losses[point][1] = bad
    good, lost = ends(course(*losses))
    assert (good["status"], lost["status"]) == (Status.OK, Status.DIVERGED)
    assert (good["steps"], lost["steps"]) == (20, 10 * point)
    assert f"by step {10 * point}" in lost["reason"]


def test_a_trial_has_diverged_above_the_limit_and_not_at_it() -> None:
    at, above = ends(course([1.0, 1.0], [2.0, 2.5], [1.0, 1.0]), diverged_above=2.0)
    assert (at["status"], above["status"]) == (Status.OK, Status.DIVERGED)


def test_a_trial_has_diverged_where_its_minibatch_loss_has() -> None:
    found = course([1.0, 1.0], [1.0, 1.0], [1.0, 1.0])
    found.points[1]["batch_loss"] = np.array([1.0, NAN])
    assert [row["status"] for row in ends(found)] == [Status.OK, Status.DIVERGED]


def test_the_curve_of_a_diverged_trial_ends_at_its_first_bad_point() -> None:
    _, curves = outcomes.rows(cell(), "backprop", course([1.0, 1.0], [1.0, NAN], [1.0, 1.0]))
    assert [(row["seed"], row["step"]) for row in curves] == [
        (0, 0),
        (0, 10),
        (0, 20),
        (1, 0),
        (1, 10),
    ]


def test_trials_that_stop_early_have_timed_out() -> None:
    timed_out, diverged = ends(course([1.0, 1.0], [0.5, NAN]), timeout_seconds=9.0)
    assert (timed_out["status"], timed_out["reason"]) == (
        Status.TIMEOUT,
        "9 seconds of training were spent at step 10",
    )
    assert (timed_out["steps"], timed_out["final_loss"]) == (10, 0.5)
    assert diverged["status"] == Status.DIVERGED


@pytest.mark.parametrize("status", [Status.UNSUPPORTED, Status.TIMEOUT])
def test_trials_that_did_not_begin_are_rows_with_their_reason_and_no_curves(status: Status) -> None:
    rows, curves = outcomes.rows(cell(), "forward", course(status=status, reason="because"))
    assert [Lane(row["learning_rate"], row["seed"], row["stage"]) for row in rows] == LANES
    assert {(row["status"], row["reason"], row["steps"], row["evaluations"]) for row in rows} == {
        (status, "because", 0, 0)
    }
    assert to_table(rows, TRIALS).column("final_loss").null_count == len(LANES)
    assert curves == []


@pytest.mark.parametrize(("name", "per_step"), [("backprop", 1), ("forward", 4), ("central", 2)])
def test_evaluations_are_those_of_the_steps_taken(name: str, per_step: int) -> None:
    whole, half = ends(course([1.0, 1.0], [1.0, NAN], [1.0, 1.0]), name)
    assert (whole["evaluations"], half["evaluations"]) == (20 * per_step, 10 * per_step)


def test_a_row_tells_all_that_sets_its_trial_apart() -> None:
    (row,) = ends(
        course([1.0], [1.0], [1.0]),
        "forward",
        problem={"kind": "quadratic", "dimension": 7},
        learning_rate_decay=0.5,
    )
    told = {
        "experiment": "one",
        "problem": "quadratic",
        "backend": "jax",
        "estimator": "forward",
        "estimator_kind": "forward_gradient",
    }
    told |= {
        "direction": "gaussian",
        "num_directions": 4,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "learning_rate_decay": 0.5,
    }
    told |= {
        "batch_size": 0,
        "seed": 0,
        "dimension": 7,
        "precision": "float32",
        "threads": 2,
        "exclusive": True,
    }
    assert {name: row[name] for name in told} == told


def test_a_problem_with_data_has_its_batch_size() -> None:
    (row,) = ends(
        course([1.0], [1.0], [1.0]),
        problem={"kind": "logistic_regression", "dataset": "digits"},
        batch_size=32,
    )
    assert (row["batch_size"], row["dimension"], row["direction"]) == (32, 65 * 10, "")


def test_every_column_of_a_trial_is_in_the_schema() -> None:
    rows, _ = outcomes.rows(cell(), "forward", course([1.0, 1.0], [1.0, NAN], [1.0, 1.0]))
    assert set().union(*rows) <= set(TRIALS.names)


def test_a_point_of_a_curve_tells_its_trial_and_all_its_values() -> None:
    found = course([1.0], [2.0])
    found.points[1] |= {
        "batch_loss": np.array([3.0]),
        "theta_0": np.array([4.0]),
        "theta_1": np.array([5.0]),
    }
    _, curves = outcomes.rows(cell(), "forward", found)
    told = {
        "experiment": "one",
        "backend": "jax",
        "estimator": "forward",
        "stage": "final",
        "learning_rate": 0.1,
        "seed": 0,
        "step": 10,
        "train_seconds": 0.5,
    }
    told |= {"loss": 2.0, "batch_loss": 3.0, "theta_0": 4.0, "theta_1": 5.0}
    assert {
        name: value
        for name, value in to_table(curves, CURVES).to_pylist()[1].items()
        if value is not None
    } == told


# Trials


@pytest.mark.parametrize(("lanes", "sizes"), [("all", [6]), (1, [1] * 6), (4, [4, 2]), (9, [6])])
def test_the_trials_of_all_groups_are_every_rate_with_every_seed(
    lanes: Any, sizes: list[int]
) -> None:
    made = cell(seeds=3, lanes=lanes)
    groups = trials.groups(made, trials.search_trials(made))
    assert [len(group) for group in groups] == sizes
    assert [lane for group in groups for lane in group] == [
        (rate, seed, "final") for rate in (0.1, 0.2) for seed in range(3)
    ]


TUNING = {"lowest": 0.01, "highest": 1.0, "per_decade": 2, "seeds": 2}


def test_tuning_tries_every_rate_of_a_logarithmic_grid_and_the_trials_after_it_have_fresh_seeds() -> (
    None
):
    made = cell(learning_rates=None, tuning=TUNING, seeds=3)
    searched, fresh = trials.search_trials(made), trials.final_trials(made, 0.1)
    assert [(lane.learning_rate, lane.seed) for lane in searched] == [
        (rate, seed) for rate in (0.01, 0.0316, 0.1, 0.316, 1.0) for seed in (0, 1)
    ]
    assert {lane.stage for lane in searched} == {"tuning"}
    assert fresh == [Lane(0.1, seed, "final") for seed in (2, 3, 4)]
    assert trials.total_steps(made) == 20 * (10 + 3) * 3


def tried(rate: float, *losses: float, **others: Any) -> list[dict[str, Any]]:
    return [
        {"learning_rate": rate, "status": Status.OK, "final_loss": loss} | others for loss in losses
    ]


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        ([*tried(0.1, 3.0, 3.0), *tried(0.2, 1.0, 2.0), *tried(0.3, 2.0, 2.0)], 0.2),
        ([*tried(0.1, 3.0, 3.0, valid_loss=1.0), *tried(0.2, 1.0, 2.0, valid_loss=2.0)], 0.1),
        ([*tried(0.1, 3.0, 3.0), *tried(0.2, 1.0), *tried(0.2, 1.0, status=Status.DIVERGED)], 0.1),
        (tried(0.1, 3.0, status=Status.TIMEOUT), None),
    ],
    ids=["lowest loss", "validation before training", "no trial of it failed", "all failed"],
)
def test_the_rate_that_a_search_finds(rows: list[dict[str, Any]], best: float | None) -> None:
    assert outcomes.best_rate(rows) == best


def test_the_steps_are_counted_over_all_trials() -> None:
    assert trials.total_steps(cell(seeds=3)) == 20 * 3 * 2 * 3


BATCHES = st.integers(1, 30).flatmap(
    lambda examples: st.tuples(st.just(examples), st.integers(1, examples))
)


@given(st.integers(0, 5), st.integers(1, 20), BATCHES)
@settings(max_examples=50, deadline=None)
def test_minibatches_are_drawn_without_replacement_within_an_epoch(
    seed: int, steps: int, sizes: tuple[int, int]
) -> None:
    examples, batch = sizes
    rows = trials.minibatch_rows(seed, steps, examples, batch)
    per_epoch = examples // batch
    assert rows.shape == (steps, batch)
    assert rows.dtype == np.int32
    assert set(rows.ravel()) <= set(range(examples))
    for first in range(0, steps, per_epoch):
        epoch = rows[first : first + per_epoch].ravel()
        assert len(set(epoch)) == len(epoch)


@given(st.integers(0, 5), st.integers(1, 20), st.integers(1, 20), BATCHES)
@settings(max_examples=50, deadline=None)
def test_minibatches_do_not_depend_on_how_many_steps_follow(
    seed: int, steps: int, more: int, sizes: tuple[int, int]
) -> None:
    assert np.array_equal(
        trials.minibatch_rows(seed, steps, *sizes),
        trials.minibatch_rows(seed, steps + more, *sizes)[:steps],
    )


def test_minibatches_depend_on_the_seed_and_change_from_epoch_to_epoch() -> None:
    one, other = (trials.minibatch_rows(seed, 8, 100, 25) for seed in (0, 1))
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[:4], one[4:])


def test_without_data_minibatches_are_empty() -> None:
    assert trials.minibatch_rows(0, 7, 0, 64).shape == (7, 0)


def test_lanes_of_one_seed_see_the_same_minibatches() -> None:
    found = trials.lane_rows(cell(problem={"kind": "mlp", "dataset": "digits"}), 1200, LANES)
    assert found.shape == (3, 20, 64)
    assert np.array_equal(found[0], found[2])
    assert not np.array_equal(found[0], found[1])


def test_initial_values_depend_on_the_seed_alone() -> None:
    problem = cell(problem="quadratic").training.problem
    one, again, other = (trials.initial_params(problem, seed, "float32")["x"] for seed in (0, 0, 1))
    assert one.dtype == np.float32
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_problem_without_data_has_none() -> None:
    assert trials.data(cell()) == trials.NO_DATA


def test_data_come_in_the_precision_of_the_run() -> None:
    one = cell(problem={"kind": "mlp", "dataset": "digits"})
    assert {images.dtype for images, _ in trials.data(one)} == {np.dtype("float32")}


# Turns


def turns(lengths: dict[str, int]) -> tuple[str, dict[str, History]]:
    """Who advanced when, as one letter a turn, and what came of it."""
    order: list[str] = []

    def training(name: str, length: int) -> train.Training:
        for _ in range(length):
            order.append(name)
            yield
        return History([Lane(0.1, length)], [], 0.0, 0.0)

    found = train.take_turns({name: training(name, length) for name, length in lengths.items()})
    return "".join(order), found


@pytest.mark.parametrize(
    ("lengths", "order"),
    [
        ({"A": 2, "B": 2, "C": 2}, "ABCABC"),
        ({"A": 1, "B": 3, "C": 2}, "ABCBCB"),
        ({"A": 0, "B": 2}, "BB"),
        ({"A": 3}, "AAA"),
        ({}, ""),
    ],
)
def test_trainings_take_turns_until_all_have_ended(lengths: dict[str, int], order: str) -> None:
    taken, found = turns(lengths)
    assert taken == order
    assert {name: course.lanes[0].seed for name, course in found.items()} == lengths
    assert list(found) == list(lengths)


# Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_log_progress_is_lines_with_trial_step_loss_and_time_left() -> None:
    stream = io.StringIO()
    report = progress.reporter("mlp/jax", 40, stream, line_seconds=0.0)
    report(10, "backprop, rate 0.1 seed 0", 10, 2.5)
    report(30, "forward, rate 0.1 seed 1", 20, 0.125)
    first, last = stream.getvalue().splitlines()
    assert first.startswith("mlp/jax:  25%, backprop, rate 0.1 seed 0, step 10, loss 2.5, ")
    assert first.endswith(" left")
    assert last == "mlp/jax: 100%, forward, rate 0.1 seed 1, step 20, loss 0.125, 0:00:00 left"


def test_the_time_left_is_that_of_the_steps_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 130.0])
    monkeypatch.setattr(progress, "monotonic", lambda: next(now))
    stream = io.StringIO()
    progress.reporter("mlp/jax", 400, stream)(100, "backprop", 10, 2.5)
    assert stream.getvalue().endswith(", 0:01:30 left\n")


def test_between_two_lines_a_log_is_left_alone_but_the_end_is_told() -> None:
    stream = io.StringIO()
    report = progress.reporter("mlp/jax", 40, stream, line_seconds=1e9)
    for done in (10, 20, 30, 40):
        report(10, "backprop", done, 1.0)
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == ["mlp/jax: 100%"]


def test_on_a_terminal_progress_is_a_bar() -> None:
    stream = Terminal()
    progress.reporter("mlp/jax", 40, stream)(40, "backprop", 20, 0.125)
    last = stream.getvalue().split("\r")[-1]
    assert "mlp/jax: 100%" in last
    assert "backprop, step 20, loss 0.125" in last
