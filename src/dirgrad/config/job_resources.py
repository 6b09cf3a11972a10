"""Wall-clock time and memory that a job asks a cluster for, from the costs of an earlier run."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeAlias

from dirgrad.config.plan import Job

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


class RecordedCost(NamedTuple):
    """Costs of one estimator in one job of an earlier run.

    Attributes:
        step_seconds: Seconds per step. In training, it is the time per trial at the slowest
            learning rate. In a measurement of cost, it is the sum over problems.
        compile_seconds: Seconds of compilation, summed over problems.
        num_bytes: Bytes of the largest program, or of the largest resident set with parameters.
    """

    step_seconds: float = 0.0
    compile_seconds: float = 0.0
    num_bytes: float = 0.0


NOTHING = RecordedCost()
RecordedCosts: TypeAlias = Mapping[tuple[str, str, str, str], RecordedCost]
"""Recorded costs by kind and name of the job, framework and estimator."""


class _Table(NamedTuple):
    """A table with the costs of one kind of jobs.

    Attributes:
        file: Name of the table.
        job: Column with the name of the job.
        seconds: Columns with the seconds of a step and of its compilation.
        num_bytes: Columns with bytes, which are added.
    """

    file: str
    job: str
    seconds: tuple[str, ...]
    num_bytes: tuple[str, ...]


TIMES = ("step_seconds", "compile_seconds")
PROGRAM_BYTES = ("step_xla_temp_bytes", "step_graph_temp_bytes")
RESIDENT_BYTES = ("parameter_bytes", "resident_peak_bytes")
TABLES = {
    "training": _Table("final", "experiment", TIMES, ()),
    "cost": _Table("cost", "cost", TIMES, PROGRAM_BYTES),
    "memory": _Table("memory", "memory", (), RESIDENT_BYTES),
}
"""Tables with recorded costs, by kind of job."""


def recorded_costs(tables: Path) -> RecordedCosts:
    """Read the costs of an earlier run from its tables `final`, `cost` and `memory`.

    Args:
        tables: Folder of the tables. A table that does not exist records nothing.
    """
    costs: dict[tuple[str, str, str, str], RecordedCost] = {}
    for kind, table in TABLES.items():
        # Training has a row per learning rate, a measurement has one per problem.
        combine = max if kind == "training" else sum
        for job, backend, estimator, *cells in _rows(tables, table):
            key = (kind, job, backend, estimator)
            before, cost = costs.get(key, NOTHING), _cost(table, cells)
            step, compilation = map(combine, zip(before[:2], cost[:2], strict=True))
            num_bytes = max(before.num_bytes, cost.num_bytes)
            costs[key] = RecordedCost(step, compilation, num_bytes)
    return costs


def _rows(tables: Path, table: _Table) -> Iterator[tuple[str, ...]]:
    """Yield job, framework, estimator, seconds and bytes in each row of a table, as texts.

    The tables of results are wide, and a dictionary of all columns would take twice the time.
    """
    path = tables / f"{table.file}.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file)
            header = next(lines, [])
            columns = (table.job, "backend", "estimator", *table.seconds, *table.num_bytes)
            yield from map(itemgetter(*map(header.index, columns)), lines)


def _cost(table: _Table, cells: Sequence[str]) -> RecordedCost:
    """Return the cost in a row of a table; an empty cell is 0."""
    numbers = [float(cell or 0) for cell in cells]
    num_times = len(table.seconds)
    step, compilation = numbers[:num_times] or (0.0, 0.0)
    return RecordedCost(step, compilation, sum(numbers[num_times:]))


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
    keys = [(job.kind, job.name, job.backend, estimator) for estimator in job.estimators]
    costs = [recorded[key] for key in keys if key in recorded]
    return costs if len(costs) == len(keys) else None


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
