"""Time until a run ends, from recorded times and from the jobs that have already finished."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dirgrad.config.expected_time import expected_time
from dirgrad.config.plan import Job
from dirgrad.config.recorded_costs import RecordedCosts


@dataclass
class TimedJob:
    """A job of a run. Times are seconds on one clock.

    Attributes:
        rule: Rule of the job. Jobs of one rule are taken to last equally long if nothing is
            recorded.
        recorded: Seconds that the job took in an earlier run; None if they are unknown.
        started: Time of its start; None before.
        finished: Time of its end; None before.
    """

    rule: str
    recorded: float | None = None
    started: float | None = None
    finished: float | None = None

    @property
    def duration(self) -> float | None:
        """Return the seconds that the job took; None if it has not finished."""
        if self.started is None or self.finished is None:
            return None
        return self.finished - self.started


class TimeLeft(NamedTuple):
    """Time until a run ends.

    Attributes:
        seconds: Time of the jobs whose duration is known.
        num_unknown: Number of unfinished jobs whose duration is unknown.
    """

    seconds: float
    num_unknown: int


def recorded_seconds(job: Job | None, recorded: RecordedCosts) -> float | None:
    """Return the recorded time of a training job; None for other jobs and without a record."""
    if job is None or job.kind != "training":
        return None
    expected = expected_time([job], recorded)
    return None if expected.unknown else expected.seconds


def time_left(jobs: Collection[TimedJob], time: float, cores: int) -> TimeLeft:
    """Return the time until all jobs have finished.

    Recorded times are multiplied by the factor by which the finished jobs took longer than
    recorded. A job without a record is taken to last as long as the mean of the finished jobs of
    its rule. A job that already runs for longer than that has an unknown duration.

    Args:
        jobs: All jobs of the run.
        time: Present time.
        cores: Largest number of jobs that run side by side.
    """
    slowdown, rule_means = _slowdown(jobs), _rule_means(jobs)
    left: list[float] = []
    num_unknown = 0
    for job in jobs:
        if job.finished is not None:
            continue
        total = rule_means.get(job.rule) if job.recorded is None else slowdown * job.recorded
        elapsed = 0.0 if job.started is None else time - job.started
        if total is None or elapsed > total:
            num_unknown += 1
        else:
            left.append(total - elapsed)
    seconds = max(sum(left) / _jobs_at_once(jobs, time, cores), max(left, default=0.0))
    return TimeLeft(seconds, num_unknown)


def _slowdown(jobs: Iterable[TimedJob]) -> float:
    """Return the duration of the finished jobs over their recorded times; 1 without any."""
    timed = [(job.duration, job.recorded) for job in jobs if job.duration and job.recorded]
    recorded = sum(recorded for _, recorded in timed)
    return sum(duration for duration, _ in timed) / recorded if recorded else 1.0


def _rule_means(jobs: Iterable[TimedJob]) -> Mapping[str, float]:
    """Return the mean duration of the finished jobs of each rule."""
    durations: dict[str, list[float]] = defaultdict(list)
    for job in jobs:
        if job.duration is not None:
            durations[job.rule].append(job.duration)
    return {rule: sum(values) / len(values) for rule, values in durations.items()}


def _jobs_at_once(jobs: Iterable[TimedJob], time: float, cores: int) -> float:
    """Return how many jobs have run side by side on average, between 1 and `cores`."""
    spans = [
        (job.started, time if job.finished is None else job.finished)
        for job in jobs
        if job.started is not None
    ]
    elapsed = time - min((start for start, _ in spans), default=time)
    busy = sum(end - start for start, end in spans)
    return max(1.0, min(cores, busy / elapsed)) if elapsed else max(1.0, cores)


def sentence(left: TimeLeft) -> str:
    """Return the time left in words; it is a lower bound if the time of some jobs is unknown."""
    if not left.num_unknown:
        return f"about {duration(left.seconds)} left"
    return f"more than {duration(left.seconds)} left" if left.seconds >= 1 else "time unknown"


def duration(seconds: float) -> str:
    """Return a duration in its largest unit: `40 s`, `12 min` or `3.5 hours`."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 99.5 else f"{minutes / 60:.1f} hours"
