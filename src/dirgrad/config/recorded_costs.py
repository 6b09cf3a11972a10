"""Times and memory of an earlier run, from its tables."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeAlias

from dirgrad.config.plan import Job


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


def read(tables: Path) -> RecordedCosts:
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


def of_job(job: Job, recorded: RecordedCosts) -> list[RecordedCost | None]:
    """Return the cost of each estimator of a job; None where it was not recorded."""
    keys = [(job.kind, job.name, job.backend, estimator) for estimator in job.estimators]
    return [recorded.get(key) for key in keys]


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
