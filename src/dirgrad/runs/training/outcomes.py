"""From the course of a training to rows: which trials are ok, which have diverged, which ran out of time."""

from collections.abc import Iterable
from statistics import fmean
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dirgrad.components import registry
from dirgrad.config.plan import Cell
from dirgrad.core import tree
from dirgrad.records.schemas import Status
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
"""What a trial has from the last point of its curve, besides its loss."""


class History(NamedTuple):
    """What became of the trials of one estimator that advanced together.

    points: one per record point, each a dictionary of (lanes,) or (), the first before training; none if nothing was run,
    and then `status` and `reason` say why. seconds: of training, of all lanes together.
    """

    lanes: list[Lane]
    points: list[dict[str, Any]]
    seconds: float
    compile_seconds: float
    status: Status = Status.OK
    reason: str = ""


def not_diverged(point: dict[str, Any], limit: float) -> np.ndarray:
    """Which lanes have not diverged: (lanes,)."""
    found: np.ndarray = (
        np.maximum(np.abs(point["loss"]), np.abs(point.get("batch_loss", 0.0))) <= limit
    )
    return found


def rows(cell: Cell, name: str, course: History) -> tuple[list[Row], list[Row]]:
    """The rows of the trials, and those of their curves."""
    same = _same(cell, name)
    trials, curves = [], []
    for i, lane in enumerate(course.lanes):
        curve = _curve(course, i, cell.training.diverged_above)
        curves += [same | lane._asdict() | point for point in curve]
        trials.append(same | lane._asdict() | _outcome(cell, name, course, i, curve))
    return trials, curves


def _same(cell: Cell, name: str) -> Row:
    """The columns in which all trials of an estimator agree."""
    training, estimator = cell.training, cell.estimators[name]
    return {
        "experiment": cell.experiment,
        "problem": registry.kind(training.problem),
        "backend": cell.backend,
        "estimator": name,
        "estimator_kind": registry.kind(estimator),
        "direction": registry.distribution_name(estimator.direction),
        "num_directions": estimator.num_directions,
        "optimizer": registry.kind(training.optimizer),
        "learning_rate_decay": training.learning_rate_decay,
        "batch_size": training.batch_size if training.problem.dataset else 0,
        "dimension": tree.size(training.problem.init(np.random.default_rng(0))),
        "target_loss": training.target_loss,
        "precision": cell.run.precision,
        "threads": cell.run.threads,
        "exclusive": cell.run.exclusive,
    }


def _curve(course: History, i: int, limit: float) -> list[Row]:
    """The points of lane i, the last of them the first at which it has diverged."""
    curve: list[Row] = []
    for point in course.points:
        curve.append({name: value[i] if np.ndim(value) else value for name, value in point.items()})
        if not not_diverged(point, limit)[i]:
            break
    return curve


def _outcome(cell: Cell, name: str, course: History, i: int, curve: list[Row]) -> Row:
    """The trial's own columns."""
    lanes = {"lanes": len(course.lanes), "compile_seconds": course.compile_seconds}
    if not curve:
        return {
            "status": course.status,
            "reason": course.reason,
            "steps": 0,
            "evaluations": 0,
            **lanes,
        }
    last = curve[-1]
    status, reason = _verdict(cell, last)
    return {
        "status": status,
        "reason": reason,
        "steps": last["step"],
        "evaluations": last["step"] * cell.estimators[name].evaluations,
        "final_loss": last["loss"],
        **{key: last[key] for key in LAST if key in last},
        "step_seconds": last["train_seconds"] / max(last["step"], 1),
        **lanes,
    }


def _verdict(cell: Cell, last: Row) -> tuple[Status, str]:
    training = cell.training
    if not not_diverged(last, training.diverged_above):
        return (
            Status.DIVERGED,
            f"loss not finite or above {training.diverged_above:g} by step {last['step']}",
        )
    if last["step"] < training.steps:
        return (
            Status.TIMEOUT,
            f"{training.timeout_seconds:g} seconds of training were spent at step {last['step']}",
        )
    return Status.OK, ""


def best_rate(rows: Iterable[Row]) -> float | None:
    """The rate of the lowest validation loss (training loss without validation), the mean over its seeds, among
    the rates at which no trial failed; None if there is none. rows: the trials of one estimator."""
    by_rate: dict[float, list[Row]] = {}
    for row in rows:
        by_rate.setdefault(row["learning_rate"], []).append(row)
    losses = {
        rate: fmean(
            row["valid_loss"] if "valid_loss" in row else row["final_loss"] for row in trials
        )
        for rate, trials in by_rate.items()
        if all(row["status"] is Status.OK for row in trials)
    }
    return min(losses, key=lambda rate: losses[rate], default=None)
