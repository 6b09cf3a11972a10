"""Training time that a run will take, from the seconds per step of an earlier run."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from dirgrad.config.plan import Job

StepSeconds: TypeAlias = Mapping[tuple[str, str, str], float]
"""Seconds per step and trial, by experiment, framework and estimator."""


class ExpectedTime(NamedTuple):
    """Time of the training jobs of a run.

    Attributes:
        seconds: Training time of all trials one after another, without compilation and evaluation.
        unknown: Training jobs with an estimator whose time per step was not recorded.
    """

    seconds: float
    unknown: tuple[str, ...]


def recorded_step_seconds(final: Path) -> StepSeconds:
    """Read the seconds per step from a table `final`; {} if the file does not exist.

    An estimator that was trained at several rates has the largest of their times.
    """
    if not final.is_file():
        return {}
    seconds: dict[tuple[str, str, str], float] = {}
    with final.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["step_seconds"]:
                key = (row["experiment"], row["backend"], row["estimator"])
                seconds[key] = max(seconds.get(key, 0.0), float(row["step_seconds"]))
    return seconds


def expected_time(jobs: Iterable[Job], recorded: StepSeconds) -> ExpectedTime:
    """Return the training time of jobs.

    A search that goes on beyond its grid takes longer.

    Args:
        jobs: Jobs of all kinds; only training counts.
        recorded: Seconds per step and trial.
    """
    seconds = 0.0
    unknown = []
    for job in jobs:
        if job.kind != "training":
            continue
        times = [recorded.get((job.name, job.backend, name)) for name in job.estimators]
        if None in times:
            unknown.append(job.path)
        steps = job.settings.steps * job.settings.num_trials
        seconds += sum(steps * time for time in times if time is not None)
    return ExpectedTime(seconds, tuple(unknown))


def sentence(expected: ExpectedTime) -> str:
    """Return the expected time as a sentence."""
    count = len(expected.unknown)
    jobs = f"{count} training job{'s' if count > 1 else ''}"
    if not expected.seconds:
        return f"No training time is recorded for the {jobs} of this run."
    hours = f"Training takes about {expected.seconds / 3600:.2g} hours of one core"
    return f"{hours}, without {jobs} of unknown speed." if count else f"{hours}."
