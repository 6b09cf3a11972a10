"""Training of every trial of every estimator on one problem in one framework.

The estimators take turns from one record point to the next (A B C A B C ...), so that slow
changes in the speed of the machine affect all of them. The training time includes neither
compilation nor evaluation.
"""

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from dirgrad.config.plan import Job
from dirgrad.config.settings import Run, Training
from dirgrad.core import steps, tree
from dirgrad.core.errors import ExplainedShortage, one_line
from dirgrad.core.types import Backend, Batch, Estimator, Params, Splits, Step, TrainChunk
from dirgrad.records.best_rate import best_rate
from dirgrad.records.files import to_table
from dirgrad.records.schemas import TrialStatus
from dirgrad.records.training_schemas import CURVES, TRIALS
from dirgrad.runs.context import Context
from dirgrad.runs.training import outcomes, trials
from dirgrad.runs.training.evaluation import Evaluate, evaluator
from dirgrad.runs.training.outcomes import History, Row, Trained
from dirgrad.runs.training.progress import SILENT, Progress
from dirgrad.runs.training.search import further_rate
from dirgrad.runs.training.trials import Lane

TrainingRun: TypeAlias = Generator[None, None, History]
"""Training of one group of lanes; it pauses before each chunk of steps."""
Rows: TypeAlias = tuple[list[Row], list[Row]]
"""Rows of trials, and rows of their curves."""


class Setup(NamedTuple):
    """Data and functions that all trainings of a job share.

    Attributes:
        training: the problem and its training.
        estimators: the estimators by name.
        run: settings that all jobs share.
        backend: the framework.
        num_examples: number of training examples, 0 without data.
        points: numbers of steps after which the trials are evaluated, ascending from 0.
        compile_chunk: (estimator name, number of lanes) -> (compiled loop, compile seconds).
        evaluate: evaluates all lanes at a record point.
        progress: receives the progress.
    """

    training: Training
    estimators: Mapping[str, Estimator]
    run: Run
    backend: Backend
    num_examples: int
    points: Sequence[int]
    compile_chunk: Callable[[str, int], tuple[TrainChunk, float]]
    evaluate: Evaluate
    progress: Progress


def run(job: Job, context: Context) -> dict[str, pa.Table]:
    """Train every trial of a job; return the records `trials` and `curves`.

    A trial that diverges, times out or is not supported is a row with that status.

    Raises:
        UserError: the data set is not available.
    """
    total_steps = job.settings.steps * job.settings.num_trials * len(job.estimators)
    progress = context.reporter(job.path, total_steps)
    rows = train_trials(job.settings, job.estimators, job.run, context.backend, progress)
    return {
        "trials": to_table(_of_experiment(job.name, rows[0]), TRIALS),
        "curves": to_table(_of_experiment(job.name, rows[1]), CURVES),
    }


def _of_experiment(name: str, rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield {"experiment": name, **row}


def train_trials(
    training: Training,
    estimators: Mapping[str, Estimator],
    run: Run,
    backend: Backend,
    progress: Progress = SILENT,
    points: Sequence[int] | None = None,
) -> Rows:
    """Train every trial of every estimator; return the rows of the trials and of their curves.

    Args:
        training: the problem and its training.
        estimators: the estimators by name.
        run: settings that all jobs share.
        backend: the framework.
        progress: receives the progress.
        points: numbers of steps after which the trials are evaluated, ascending from 0 to the last
            step; None means `training.record_points`.

    Raises:
        UserError: the data set is not available.
    """
    points = points or training.record_points
    setup = _setup(training, estimators, run, backend, progress, points)
    seconds_left = dict.fromkeys(estimators, training.timeout_seconds)
    rows: Rows = ([], [])
    _train_all(setup, dict.fromkeys(estimators, trials.search_trials(training)), seconds_left, rows)
    while further := _further_trials(setup, rows[0]):
        progress.expect(training.steps * sum(map(len, further.values())))
        _train_all(setup, further, seconds_left, rows)
    if training.tuning:
        _train_all(setup, _final_trials(setup, rows[0]), seconds_left, rows)
    return rows


def _further_trials(setup: Setup, searched: list[Row]) -> dict[str, list[Lane]]:
    """Return trials at the next rate of every estimator whose search has not ended."""
    tuning = setup.training.tuning
    if tuning is None:
        return {}
    further: dict[str, list[Lane]] = {}
    for name, rows in _by_estimator(setup, searched).items():
        rate = further_rate(tuning, rows)
        if rate is not None:
            further[name] = trials.trials_at_rate(tuning, rate)
    return further


def _final_trials(setup: Setup, searched: list[Row]) -> dict[str, list[Lane]]:
    """Return the final trials of every estimator whose search has a rate that did not fail."""
    rates = {name: best_rate(rows) for name, rows in _by_estimator(setup, searched).items()}
    return {
        name: trials.final_trials(setup.training, rate)
        for name, rate in rates.items()
        if rate is not None
    }


def _by_estimator(setup: Setup, rows: list[Row]) -> dict[str, list[Row]]:
    return {name: [row for row in rows if row["estimator"] == name] for name in setup.estimators}


def _train_all(
    setup: Setup, lanes: Mapping[str, list[Lane]], seconds_left: dict[str, float], rows: Rows
) -> None:
    """Train the lanes of each estimator, add their rows, and subtract the time spent."""
    trial_rows, curve_rows = rows
    training, run, backend = setup.training, setup.run, setup.backend.name
    groups = [trials.groups(training, estimator_lanes) for estimator_lanes in lanes.values()]
    for groups_in_turn in zip(*groups, strict=True):
        trainings = {
            name: _train(setup, name, group, seconds_left[name])
            for name, group in zip(lanes, groups_in_turn, strict=True)
        }
        for name, history in take_turns(trainings).items():
            seconds_left[name] -= history.seconds
            trained = Trained(name, setup.estimators[name], training, run, backend)
            group_trials, group_curves = outcomes.rows(trained, history)
            trial_rows += group_trials
            curve_rows += group_curves


def train_steps(
    training: Training, estimator: Estimator, run: Run, backend: Backend, counts: Sequence[int]
) -> Iterator[Params]:
    """Train one trial and yield its parameters after each number of steps.

    Nothing is evaluated in between.

    Args:
        training: the problem and its training, with one learning rate and one seed.
        estimator: the estimator.
        run: settings that all jobs share.
        backend: the framework.
        counts: numbers of steps, ascending.

    Raises:
        UserError: the data set is not available.
    """
    lanes = trials.search_trials(training)
    splits = trials.load_splits(training.problem, run)
    arrays, num_examples = _training_arrays(backend, splits)
    state, trial = trials.initial_state(training, estimator, backend, run.precision, lanes)
    rows = trials.lane_rows(training, num_examples, lanes)
    chunk = math.gcd(*counts)
    step = _make_step(training, estimator, backend)
    train_chunk = backend.engine.compile_training(step, arrays, state, trial, rows, chunk)
    for first in range(0, counts[-1], chunk):
        last = first + chunk
        state, _ = train_chunk(state, trial, first, rows[:, first:last])
        if last in counts:
            yield tree.map(lambda leaf: leaf[0], state.params)


def take_turns(trainings: Mapping[str, TrainingRun]) -> dict[str, History]:
    """Advance each training to its next pause in turn until all have ended; return histories."""
    histories: dict[str, History] = {}
    while len(histories) < len(trainings):
        for name, training in trainings.items():
            if name in histories:
                continue
            try:
                next(training)
            except StopIteration as end:
                histories[name] = end.value
    return {name: histories[name] for name in trainings}


def _setup(
    training: Training,
    estimators: Mapping[str, Estimator],
    run: Run,
    backend: Backend,
    progress: Progress,
    points: Sequence[int],
) -> Setup:
    data = trials.load_splits(training.problem, run)
    arrays, num_examples = _training_arrays(backend, data)
    chunk = max(last - first for first, last in pairwise(points))

    @cache
    def compile_chunk(name: str, count: int) -> tuple[TrainChunk, float]:
        estimator = estimators[name]
        step = _make_step(training, estimator, backend)
        lanes = [Lane(1.0, 0)] * count
        state, trial = trials.initial_state(training, estimator, backend, run.precision, lanes)
        rows = trials.lane_rows(training, num_examples, lanes)
        started = perf_counter()
        train_chunk = backend.engine.compile_training(step, arrays, state, trial, rows, chunk)
        return train_chunk, perf_counter() - started

    evaluate = evaluator(training, backend, data)
    return Setup(
        training, estimators, run, backend, num_examples, points, compile_chunk, evaluate, progress
    )


def _training_arrays(backend: Backend, data: Splits) -> tuple[Batch, int]:
    """Return the training data as arrays of the framework, and the number of examples."""
    arrays: Batch = tuple(backend.ops.asarray(array) for array in data.train)
    num_examples = len(data.train[0]) if data.train else 0
    return arrays, num_examples


def _make_step(training: Training, estimator: Estimator, backend: Backend) -> Step:
    return steps.make_step(
        backend.ops,
        training.problem,
        estimator,
        training.optimizer,
        training.learning_rate_decay,
    )


def _train(setup: Setup, name: str, lanes: list[Lane], budget_seconds: float) -> TrainingRun:
    """Train a group of lanes to the last step, or until time is up or all lanes have diverged."""
    if budget_seconds <= 0:
        return _not_started(lanes, TrialStatus.TIMEOUT, "not begun: the estimator's time was spent")
    try:
        with ExplainedShortage():
            return (yield from _train_in_budget(setup, name, lanes, budget_seconds))
    except NotImplementedError as error:
        return _not_started(lanes, TrialStatus.UNSUPPORTED, one_line(error))


def _train_in_budget(
    setup: Setup, name: str, lanes: list[Lane], budget_seconds: float
) -> TrainingRun:
    train_chunk, compile_seconds = setup.compile_chunk(name, len(lanes))
    training = setup.training
    rows = trials.lane_rows(training, setup.num_examples, lanes)
    precision, estimator = setup.run.precision, setup.estimators[name]
    state, trial = trials.initial_state(training, estimator, setup.backend, precision, lanes)
    start: Row = {"step": 0, "train_seconds": 0.0}
    points = [start | setup.evaluate(state.params)]
    spent = 0.0
    for first, step in pairwise(setup.points):
        yield
        started = perf_counter()
        state, batch_losses = train_chunk(state, trial, first, rows[:, first:step])
        spent += perf_counter() - started
        batch_loss = batch_losses.mean(axis=1)
        point = {
            "step": step,
            "train_seconds": spent / len(lanes),
            "batch_loss": batch_loss,
        }
        points.append(point | setup.evaluate(state.params))
        num_steps, loss = (step - first) * len(lanes), float(batch_loss.mean())
        setup.progress.report(num_steps, _label(name, lanes), step, loss)
        not_diverged = outcomes.not_diverged(points[-1], training.diverged_above)
        if spent > budget_seconds or not not_diverged.any():
            break
    return History(lanes, points, spent, compile_seconds)


def _not_started(lanes: list[Lane], status: TrialStatus, reason: str) -> History:
    return History(lanes, [], 0.0, 0.0, status, reason)


def _label(name: str, lanes: list[Lane]) -> str:
    """Return the text that names a group of trials in the progress report."""
    first, last = _lane_label(lanes[0]), _lane_label(lanes[-1])
    if first == last:
        return f"{name}, {first}"
    return f"{name}, {first} to {last}"


def _lane_label(lane: Lane) -> str:
    return f"rate {lane.learning_rate:g} seed {lane.seed}"
