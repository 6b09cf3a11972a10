"""Training time that a run will take, from the seconds per step of an earlier run."""

from collections.abc import Iterable
from typing import NamedTuple

from dirgrad.config import recorded_costs
from dirgrad.config.plan import Job
from dirgrad.config.recorded_costs import NOTHING, RecordedCosts


class ExpectedTime(NamedTuple):
    """Time of the training jobs of a run.

    Attributes:
        seconds: Training time of all trials one after another, without compilation and evaluation.
        unknown: Training jobs with an estimator whose time per step was not recorded.
    """

    seconds: float
    unknown: tuple[str, ...]


def expected_time(jobs: Iterable[Job], recorded: RecordedCosts) -> ExpectedTime:
    """Return the training time of jobs.

    A search that goes on beyond its grid takes longer.

    Args:
        jobs: Jobs of all kinds; only training counts.
        recorded: Recorded costs. An estimator without seconds per step counts as unknown.
    """
    seconds = 0.0
    unknown = []
    for job in jobs:
        if job.kind != "training":
            continue
        costs = recorded_costs.of_job(job, recorded)
        times = [(cost or NOTHING).step_seconds for cost in costs]
        if not all(times):
            unknown.append(job.path)
        seconds += job.settings.steps * job.settings.num_trials * sum(times)
    return ExpectedTime(seconds, tuple(unknown))


def sentence(expected: ExpectedTime) -> str:
    """Return the expected time as a sentence."""
    count = len(expected.unknown)
    jobs = f"{count} training job{'s' if count > 1 else ''}"
    if not expected.seconds:
        return f"No training time is recorded for the {jobs} of this run."
    hours = f"Training takes about {expected.seconds / 3600:.2g} hours of one core"
    return f"{hours}, without {jobs} of unknown speed." if count else f"{hours}."
