"""Time of the jobs behind a table, from the manifest of a run."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from dirgrad.config import outputs, plan
from dirgrad.config.settings import Config


class JobTimes(NamedTuple):
    """Time of several jobs, one after another.

    Attributes:
        seconds: Sum of the recorded times.
        n_jobs: Number of jobs.
        n_training_only: Jobs with only their training timed, without compilation and
            evaluation.
        n_unknown: Jobs without a recorded time.
    """

    seconds: float
    n_jobs: int
    n_training_only: int
    n_unknown: int


def jobs_of_tables(config: Config, tables: Iterable[str]) -> tuple[str, ...]:
    """Return the jobs whose records these tables are made from, as `kind/name/backend`."""
    paths = plan.record_paths(config)
    files = [
        path for table in tables for kind in outputs.TABLES[table].records for path in paths[kind]
    ]
    return tuple(dict.fromkeys(str(PurePosixPath(file).parent) for file in files))


def recorded(manifest: Mapping[str, Any], jobs: Sequence[str]) -> JobTimes:
    """Return the time of jobs, from their entries in a manifest.

    Earlier versions recorded the seconds of training, and no seconds of measurements.
    """
    entries = [manifest["jobs"].get(job, {}) for job in jobs]
    training_only = [entry for entry in entries if "seconds" not in entry]
    seconds = [entry.get("seconds", entry.get("training_seconds", 0.0)) for entry in entries]
    n_training_only = sum("training_seconds" in entry for entry in training_only)
    return JobTimes(sum(seconds), len(jobs), n_training_only, len(training_only) - n_training_only)


def minutes(times: JobTimes) -> str:
    """Return the time as a cell of a table."""
    if times.n_unknown == times.n_jobs:
        return "not recorded"
    text = f"{times.seconds / 60:.2g}" if times.seconds < 600 else f"{times.seconds / 60:.0f}"
    counts = {"training only": times.n_training_only, "not recorded": times.n_unknown}
    limits = [f"{meaning} for {count}" for meaning, count in counts.items() if count]
    return f"{text} ({', '.join(limits)} of {times.n_jobs} jobs)" if limits else text
