"""Training runs: every trial of every estimator on one problem in one framework, side by side.

The estimators take turns, one stretch between two record points each (A B C A B C ...), so that a drift of the machine
meets them all. The clock runs during training alone: neither compilation nor evaluation is in it.
"""

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

from dirgrad.config.plan import Cell
from dirgrad.core import steps, tree
from dirgrad.core.types import Backend, Params, TrainChunk
from dirgrad.records import provenance
from dirgrad.records.files import to_table
from dirgrad.records.schemas import CURVES, TRIALS, Status, TrainingRecords
from dirgrad.runs.training import outcomes, trials
from dirgrad.runs.training.evaluation import Evaluate, evaluator
from dirgrad.runs.training.outcomes import History, Row
from dirgrad.runs.training.progress import Report, silent
from dirgrad.runs.training.trials import Lane

Training = Generator[None, None, History]
"""A training that pauses at every record point."""


class Context(NamedTuple):
    """What all trainings of a cell share. examples: of the training data. compiled: (estimator, lanes) -> loop, seconds."""

    cell: Cell
    backend: Backend
    examples: int
    compiled: Callable[[str, int], tuple[TrainChunk, float]]
    at_point: Evaluate
    report: Report


def run(
    cell: Cell, backend: Backend, facts: dict[str, Any], report: Report = silent
) -> TrainingRecords:
    """Train every trial of a cell. facts: the settings, for the provenance. Trials that diverge, time out or are not
    supported are rows with that status; UserError is raised for data that cannot be had."""
    bench = _bench(cell, backend, report)
    left = dict.fromkeys(cell.estimators, cell.training.timeout_seconds)
    found, curves = _stage(bench, dict.fromkeys(cell.estimators, trials.search_trials(cell)), left)
    if cell.training.tuning:
        rates = {
            name: outcomes.best_rate(row for row in found if row["estimator"] == name)
            for name in cell.estimators
        }
        fresh = {
            name: trials.final_trials(cell, rate)
            for name, rate in rates.items()
            if rate is not None
        }
        more, more_curves = _stage(bench, fresh, left)
        found, curves = found + more, curves + more_curves
    return TrainingRecords(
        to_table(found, TRIALS),
        to_table(curves, CURVES),
        provenance.collect(facts, backend.engine.environment()),
    )


def _stage(
    bench: Context, lanes: Mapping[str, list[Lane]], left: dict[str, float]
) -> tuple[list[Row], list[Row]]:
    """The rows of these trials of each estimator, and those of their curves. left: seconds of each, less those spent here."""
    found: list[Row] = []
    curves: list[Row] = []
    for turn in zip(*(trials.groups(bench.cell, each) for each in lanes.values()), strict=True):
        courses = take_turns(
            {
                name: _train(bench, name, group, left[name])
                for name, group in zip(lanes, turn, strict=True)
            }
        )
        for name, course in courses.items():
            left[name] -= course.seconds
            trial_rows, curve_rows = outcomes.rows(bench.cell, name, course)
            found += trial_rows
            curves += curve_rows
    return found, curves


def parameters_after(cell: Cell, backend: Backend, counts: Sequence[int]) -> Iterator[Params]:
    """The parameters of the only trial of a cell after so many steps each, counts ascending, without evaluation on the way."""
    ((name, estimator),), lanes, training = (
        cell.estimators.items(),
        trials.search_trials(cell),
        cell.training,
    )
    data = trials.data(cell)
    step = steps.make_step(
        backend.ops, training.problem, estimator, training.optimizer, training.learning_rate_decay
    )
    state, trial = trials.initial_state(cell, backend, name, lanes)
    rows = trials.lane_rows(cell, len(data.train[0]) if data.train else 0, lanes)
    placed = tuple(backend.ops.asarray(array) for array in data.train)
    chunk = math.gcd(*counts)
    advance = backend.engine.compile_training(step, placed, state, trial, rows, chunk)
    for first in range(0, counts[-1], chunk):
        state, _ = advance(state, trial, first, rows[:, first : first + chunk])
        if first + chunk in counts:
            yield tree.map(lambda leaf: leaf[0], state.params)


def take_turns(trainings: Mapping[str, Training]) -> dict[str, History]:
    """Advance each training to its next pause, again and again, until all have ended."""
    ended: dict[str, History] = {}
    while len(ended) < len(trainings):
        for name, training in trainings.items():
            if name not in ended:
                try:
                    next(training)
                except StopIteration as end:
                    ended[name] = end.value
    return {name: ended[name] for name in trainings}


def _bench(cell: Cell, backend: Backend, report: Report) -> Context:
    data = trials.data(cell)
    placed = tuple(backend.ops.asarray(array) for array in data.train)
    examples = len(data.train[0]) if data.train else 0

    @cache
    def compiled(name: str, count: int) -> tuple[TrainChunk, float]:
        training, example = cell.training, [Lane(1.0, 0)] * count
        step = steps.make_step(
            backend.ops,
            training.problem,
            cell.estimators[name],
            training.optimizer,
            training.learning_rate_decay,
        )
        state, trial = trials.initial_state(cell, backend, name, example)
        rows = trials.lane_rows(cell, examples, example)
        begun = perf_counter()
        advance = backend.engine.compile_training(
            step, placed, state, trial, rows, training.record_every
        )
        return advance, perf_counter() - begun

    return Context(cell, backend, examples, compiled, evaluator(cell, backend, data), report)


def _train(bench: Context, name: str, lanes: list[Lane], budget_seconds: float) -> Training:
    """Train one group of lanes until its steps, or the budget, or the last of its lanes is at an end."""
    if budget_seconds <= 0:
        return History(
            lanes, [], 0.0, 0.0, Status.TIMEOUT, "not begun: the estimator's time was spent"
        )
    try:
        advance, compile_seconds = bench.compiled(name, len(lanes))
    except NotImplementedError as error:
        return History(lanes, [], 0.0, 0.0, Status.UNSUPPORTED, " ".join(str(error).split()))
    training, rows, spent = (
        bench.cell.training,
        trials.lane_rows(bench.cell, bench.examples, lanes),
        0.0,
    )
    state, trial = trials.initial_state(bench.cell, bench.backend, name, lanes)
    points: list[dict[str, Any]] = [
        {"step": 0, "train_seconds": 0.0, **bench.at_point(state.params)}
    ]
    for first in range(0, training.steps, training.record_every):
        yield
        begun = perf_counter()
        state, batch_losses = advance(
            state, trial, first, rows[:, first : first + training.record_every]
        )
        spent += perf_counter() - begun
        done, batch_loss = first + training.record_every, batch_losses.mean(axis=1)
        seconds = spent / len(lanes)
        points.append(
            {
                "step": done,
                "train_seconds": seconds,
                "batch_loss": batch_loss,
                **bench.at_point(state.params),
            }
        )
        bench.report(
            training.record_every * len(lanes), _label(name, lanes), done, float(batch_loss.mean())
        )
        if (
            spent > budget_seconds
            or not outcomes.not_diverged(points[-1], training.diverged_above).any()
        ):
            break
    return History(lanes, points, spent, compile_seconds)


def _label(name: str, lanes: list[Lane]) -> str:
    """Which trials these are, for the progress report."""
    ends = [f"rate {lane.learning_rate:g} seed {lane.seed}" for lane in (lanes[0], lanes[-1])]
    return f"{name}, {' to '.join(dict.fromkeys(ends))}"
