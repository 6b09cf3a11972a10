"""Wall-clock time and memory that a job asks a cluster for, from the costs of an earlier run."""

from math import ceil

from dirgrad.config import recorded_costs
from dirgrad.config.plan import Job
from dirgrad.config.recorded_costs import TABLES, RecordedCost, RecordedCosts

SAFETY_FACTOR = 4.0
"""Factor on recorded time and memory, for slower machines, evaluation and longer searches."""
START_MINUTES = 15
"""Minutes for the start of the frameworks and for data, besides the recorded time."""
UNRECORDED_MINUTES = 240
"""Minutes of a job whose time was not recorded."""
PROCESS_MB = 2000
"""Megabytes of a process with its framework and data, besides the recorded memory."""
UNRECORDED_MB = 4000
"""Megabytes of a job whose memory was not recorded."""


def minutes(job: Job, recorded: RecordedCosts) -> int:
    """Return the minutes of wall-clock time to ask for, from recorded seconds per step.

    Training stops at its time limit per estimator. Quality, stability and memory have no recorded
    time, nor has a job with an estimator that was not recorded.
    """
    costs = _costs(job, recorded)
    if costs is None or not TABLES[job.kind].seconds:
        return UNRECORDED_MINUTES
    seconds = sum(_seconds(job, cost) for cost in costs)
    return START_MINUTES + ceil(SAFETY_FACTOR * seconds / 60)


def megabytes(job: Job, recorded: RecordedCosts) -> int:
    """Return the megabytes of memory to ask for, from recorded bytes of programs and processes.

    Training, quality and stability have no recorded memory, nor has a job with an estimator that
    was not recorded.
    """
    costs = _costs(job, recorded)
    if costs is None or not TABLES[job.kind].num_bytes:
        return UNRECORDED_MB
    # Programs and processes are measured one at a time.
    num_bytes = max(cost.num_bytes for cost in costs)
    return PROCESS_MB + ceil(SAFETY_FACTOR * num_bytes / 1e6)


def _costs(job: Job, recorded: RecordedCosts) -> list[RecordedCost] | None:
    """Return the cost of each estimator of a job; None if one of them is unknown."""
    costs = recorded_costs.of_job(job, recorded)
    measured = [cost for cost in costs if cost is not None]
    return measured if len(measured) == len(costs) else None


def _seconds(job: Job, cost: RecordedCost) -> float:
    """Return the time of one estimator in a job, from the settings of the job."""
    settings = job.settings
    if job.kind == "training":
        training = settings.steps * settings.num_trials * cost.step_seconds
        return float(min(training, settings.timeout_seconds) + cost.compile_seconds)
    # The loss is timed twice, and then the estimate, the step and its parts.
    programs = 4 + len(settings.timed_pieces)
    places = len(settings.problems) * len(settings.batch_sizes)
    round_seconds = places * settings.round_seconds + cost.step_seconds
    return float(programs * (settings.rounds * round_seconds + cost.compile_seconds))
