"""Trials of a job train independently, in turns, and each repeats the step of its estimator."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from dirgrad.config.plan import Job
from dirgrad.core import criterion, steps
from dirgrad.core.types import Backend
from dirgrad.records.schemas import TrialStatus
from dirgrad.runs.context import Context
from dirgrad.runs.training import train, trials
from dirgrad.runs.training.outcomes import History
from dirgrad.runs.training.trials import Lane
from support.cases import compiled
from support.small_trainings import MLP, ROSENBROCK, TWO_ESTIMATORS, train_small, training_job


@pytest.mark.parametrize(
    ("problem", "optimizer"),
    [pytest.param(ROSENBROCK, "adam", id="rosenbrock"), pytest.param(MLP, "sgd", id="mlp")],
)
def test_a_trial_does_not_depend_on_its_neighbors(
    backend: Backend, problem: dict[str, Any], optimizer: str
) -> None:
    rates = [1e-4, 1e-3]
    shared = {"optimizer": optimizer, "estimators": ["sphere_k2"]}
    together, _ = train_small(backend, problem, learning_rates=rates, **shared)
    single, _ = train_small(backend, problem, learning_rates=rates, lanes=1, **shared)
    pairs, _ = train_small(backend, problem, learning_rates=rates[1:], lanes=2, **shared)
    trial = ["estimator", "learning_rate", "seed"]
    joined = together.merge(single, on=trial, suffixes=("", "_single"))
    joined = joined.merge(pairs, on=trial, how="left", suffixes=("", "_pair"))
    assert (joined["status"] == TrialStatus.OK).all()
    np.testing.assert_allclose(joined["final_loss"], joined["final_loss_single"], rtol=1e-9)
    paired = joined.dropna(subset="final_loss_pair")
    assert len(paired) == 3
    np.testing.assert_allclose(paired["final_loss"], paired["final_loss_pair"], rtol=1e-9)


def test_trials_differ_between_seeds_rates_and_estimators(backend: Backend) -> None:
    rows, _ = train_small(backend, MLP, estimators=TWO_ESTIMATORS)
    assert rows["final_loss"].nunique() == len(rows)


def test_trials_with_equal_seeds_start_equally_in_all_estimators_and_frameworks(
    both: tuple[Backend, Backend],
) -> None:
    starts = []
    for backend in both:
        _, curves = train_small(backend, MLP, estimators=TWO_ESTIMATORS)
        start = curves.query("step == 0")
        ranges = start.groupby("seed")["loss"].agg(lambda losses: np.ptp(losses))
        assert (ranges < 1e-12).all()
        starts.append(start)
    np.testing.assert_allclose(starts[0]["loss"], starts[1]["loss"], rtol=1e-12)


def test_training_repeats_the_step_of_every_estimator(backend: Backend) -> None:
    job = training_job(
        backend,
        MLP,
        learning_rates=[0.01],
        seeds=1,
        estimators=["backprop", "sphere_k2", "central"],
    )
    rows = train.run(job, Context(backend))["trials"].to_pandas().set_index("estimator")
    for name in job.estimators:
        expected = loss_after_separate_steps(backend, job, name)
        assert rows.loc[name, "final_loss"] == pytest.approx(expected, rel=1e-9)


def loss_after_separate_steps(backend: Backend, job: Job, name: str) -> float:
    """Take 20 steps without lanes and without the training loop, and return the training loss."""
    ops, training, estimator = backend.ops, job.settings, job.estimators[name]
    splits = trials.load_splits(training.problem, job.run)
    images, labels = (ops.asarray(array) for array in splits.train)
    lanes = [Lane(0.01, 0)]
    state, trial = trials.initial_state(training, estimator, backend, job.run.precision, lanes)
    state, trial = without_lanes(state), without_lanes(trial)
    step = steps.make_step(ops, training.problem, estimator, training.optimizer, 0.0)
    compiled_step = compiled(backend, step)
    rows = trials.minibatch_rows(0, 20, len(images), 8)
    for i in range(20):
        index, minibatch = ops.arange(20)[i], ops.asarray(rows[i])
        state, _ = compiled_step(state, trial, index, (images[minibatch], labels[minibatch]))
    metrics = criterion.metrics(training.problem, ops, state.params, (images, labels))
    return float(metrics["loss"])


def without_lanes(fields: Any) -> Any:
    """Return a state or a trial of a single lane without its axis of lanes."""
    unbatched = []
    for field in fields:
        if isinstance(field, dict):
            unbatched.append({name: leaf[0] for name, leaf in field.items()})
        else:
            # An optimizer or an estimator without a state has the state ().
            unbatched.append(field[0] if len(field) else field)
    return type(fields)(*unbatched)


def test_every_trial_records_its_evaluations_its_time_and_its_accuracy(backend: Backend) -> None:
    rows, curves = train_small(backend, MLP, learning_rates=[0.01])
    evaluations = rows.groupby("estimator")["evaluations"].first()
    assert evaluations.to_dict() == {
        "backprop": 20,
        "forward_gradient": 20,
        "sphere_k2": 40,
        "coordinate": 20,
        "central": 40,
    }
    assert (rows["step_seconds"] > 0).all()
    times_by_trial = curves.groupby(["estimator", "learning_rate", "seed"])["train_seconds"]
    assert (times_by_trial.diff().dropna() > 0).all()
    accuracies = rows[["valid_accuracy", "test_accuracy", "train_accuracy"]]
    assert accuracies.stack().between(0, 1).all()
    assert list(curves["step"].unique()) == [0, 1, 2, 4, 8, 10, 16, 20]


def test_chunks_of_every_length_share_one_program_and_continue_each_other(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_training = backend.engine.compile_training
    longest_chunks = []

    def counted(*arguments: Any) -> Any:
        longest_chunks.append(arguments[-1])
        return compile_training(*arguments)

    monkeypatch.setattr(backend.engine, "compile_training", counted)
    options = {"learning_rates": [0.01], "seeds": 2, "estimators": ["sphere_k2"]}
    _, every_step = train_small(backend, MLP, record_every=1, **options)
    _, some_steps = train_small(backend, MLP, record_every=10, **options)
    assert longest_chunks == [1, 6]
    assert every_step["step"].nunique() == 21
    for seed, curve in some_steps.groupby("seed"):
        each = every_step[every_step["seed"] == seed].set_index("step")
        losses = curve.set_index("step")["loss"]
        np.testing.assert_allclose(losses, each["loss"][losses.index], rtol=1e-12)
        since_previous = [
            each["batch_loss"].loc[first + 1 : last].mean()
            for first, last in pairwise(curve["step"])
        ]
        np.testing.assert_allclose(curve["batch_loss"][1:], since_previous, rtol=1e-12)


def test_a_fast_crossing_lies_between_two_early_points(backend: Backend) -> None:
    """Test a loss that halves with each step, for which a point every 64 steps is too late."""
    _, curves = train_small(
        backend,
        {"kind": "quadratic", "dimension": 2, "condition": 1.0},
        learning_rates=[1 - 0.5**0.5],
        seeds=1,
        steps=64,
        record_every=64,
        estimators=["backprop"],
    )
    losses = curves.set_index("step")["loss"]
    np.testing.assert_allclose(losses[:16], losses[0] * 0.5 ** losses[:16].index, rtol=1e-9)
    target = losses[0] * 0.5**3.5
    bracket = losses.index[losses > target].max(), losses.index[losses <= target].min()
    assert bracket == (2, 4)


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
    turns: list[str] = []

    def training(name: str, length: int) -> train.TrainingRun:
        for _ in range(length):
            turns.append(name)
            yield
        # The seed carries the length, so that a history shows its training.
        return History([Lane(0.1, length)], [], 0.0, 0.0)

    trainings = {name: training(name, length) for name, length in lengths.items()}
    histories = train.take_turns(trainings)
    assert "".join(turns) == order
    assert {name: history.lanes[0].seed for name, history in histories.items()} == lengths
    assert list(histories) == list(lengths)
