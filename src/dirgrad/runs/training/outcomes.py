"""Outcomes of trials: turn the history of a training into rows with a status.

A trial is ok, has diverged, has timed out, or is not supported.
"""

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dirgrad.components import registry
from dirgrad.config.settings import Run, Training
from dirgrad.core import sparsity, tree
from dirgrad.core.types import Estimator
from dirgrad.records.schemas import TrialStatus
from dirgrad.runs.training.trials import Lane

Row: TypeAlias = dict[str, Any]


LAST = (
    "train_accuracy",
    "valid_loss",
    "valid_accuracy",
    "test_loss",
    "test_accuracy",
    "support_recovered",
    "train_seconds",
)
"""Columns of a trial that are copied from the last point of its curve, if the point has them."""


class History(NamedTuple):
    """The training of one group of lanes of one estimator.

    Attributes:
        lanes: the trials that were trained together.
        points: one dictionary per record point, with values of shape (lanes,) or (). The first
            point is before training. The list is empty if the training did not start.
        seconds: training time of all lanes together.
        compile_seconds: time to compile the training loop.
        status: why the training did not start, if `points` is empty.
        reason: the explanation that belongs to `status`.
    """

    lanes: list[Lane]
    points: list[dict[str, Any]]
    seconds: float
    compile_seconds: float
    status: TrialStatus = TrialStatus.OK
    reason: str = ""


class Trained(NamedTuple):
    """One estimator and the setting in which it is trained.

    Attributes:
        name: name of the estimator.
        estimator: the estimator.
        training: the problem and its training.
        run: settings that all jobs share.
        backend: name of the framework.
    """

    name: str
    estimator: Estimator
    training: Training
    run: Run
    backend: str


def not_diverged(point: dict[str, Any], limit: float) -> np.ndarray:
    """Return which lanes have finite losses of magnitude at most `limit` at a point: (lanes,)."""
    loss = np.abs(point["loss"])
    batch_loss = np.abs(point.get("batch_loss", 0.0))
    within_limit: np.ndarray = np.maximum(loss, batch_loss) <= limit
    return within_limit


def rows(trained: Trained, history: History) -> tuple[list[Row], list[Row]]:
    """Return the rows of the trials and the rows of their curves.

    Args:
        trained: the estimator and the setting in which it was trained.
        history: the training of a group of lanes.
    """
    shared = _shared_columns(trained)
    trials: list[Row] = []
    curves: list[Row] = []
    for i, lane in enumerate(history.lanes):
        columns = shared | lane._asdict()
        curve = _curve(history, i, trained.training.diverged_above)
        curves += [columns | point for point in curve]
        trials.append(columns | _outcome(trained, history, curve))
    return trials, curves


def _shared_columns(trained: Trained) -> Row:
    """Return the columns in which all trials of an estimator agree."""
    name, estimator, training, run, backend = trained
    dimension = tree.num_entries(training.problem.init(np.random.default_rng(0)))
    return {
        "problem": registry.kind(training.problem),
        "backend": backend,
        "estimator": name,
        "estimator_kind": registry.kind(estimator),
        "direction": registry.distribution_name(estimator.direction),
        "num_directions": estimator.num_directions,
        "optimizer": registry.kind(training.optimizer),
        "learning_rate_decay": training.learning_rate_decay,
        "batch_size": training.batch_size if training.problem.dataset else 0,
        "dimension": dimension,
        "nonzeros": sparsity.nonzeros(training.problem, dimension),
        "keep": sparsity.keep(training.optimizer, dimension),
        "support": sparsity.support(estimator.direction, dimension),
        "target_loss": training.target_loss,
        "horizon_steps": training.horizon or training.steps,
        "precision": run.precision,
        "threads": run.threads,
        "exclusive": run.exclusive,
    }


def _curve(history: History, i: int, limit: float) -> list[Row]:
    """Return the points of lane i up to and including the first at which it has diverged."""
    curve: list[Row] = []
    for point in history.points:
        row: Row = {}
        for name, value in point.items():
            row[name] = value[i] if np.ndim(value) else value
        curve.append(row)
        if not not_diverged(point, limit)[i]:
            break
    return curve


def _outcome(trained: Trained, history: History, curve: list[Row]) -> Row:
    """Return the columns that describe how one trial ended."""
    group = {"lanes": len(history.lanes), "compile_seconds": history.compile_seconds}
    if not curve:
        outcome = {"status": history.status, "reason": history.reason}
        return outcome | {"steps": 0, "evaluations": 0} | group
    last = curve[-1]
    steps = last["step"]
    status, reason = _status(trained.training, last)
    return {
        "status": status,
        "reason": reason,
        "steps": steps,
        "evaluations": steps * trained.estimator.evaluations,
        "final_loss": last["loss"],
        **{column: last[column] for column in LAST if column in last},
        "step_seconds": last["train_seconds"] / max(steps, 1),
        **group,
    }


def _status(training: Training, last: Row) -> tuple[TrialStatus, str]:
    step = last["step"]
    if not not_diverged(last, training.diverged_above):
        reason = f"loss not finite or above {training.diverged_above:g} by step {step}"
        return TrialStatus.DIVERGED, reason
    if step < training.steps:
        seconds = training.timeout_seconds
        reason = f"{seconds:g} seconds of training were spent at step {step}"
        return TrialStatus.TIMEOUT, reason
    return TrialStatus.OK, ""
