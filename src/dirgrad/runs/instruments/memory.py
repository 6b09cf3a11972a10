"""Memory of a step, compared with inference.

Each value is the peak of a separate process. A process often keeps memory that it has freed, so
one measurement would change the next one in the same process.
"""

import ctypes
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dirgrad.components import registry
from dirgrad.config.plan import Job
from dirgrad.core.errors import ExplainedShortage
from dirgrad.core.types import Backend
from dirgrad.records.files import to_table
from dirgrad.records.measurement_schemas import MEMORY, RESIDENT
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import outcomes, programs, timeline
from dirgrad.runs.instruments.programs import Program
from dirgrad.runs.instruments.workload import (
    Workload,
    estimator_columns,
    load_workload,
    problems_and_batch_sizes,
)

INFERENCE = "inference"
"""Value of the column `estimator` for the loss without a derivative."""
STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")

Row: TypeAlias = dict[str, Any]


def run(job: Job, context: Context) -> dict[str, pa.Table]:
    """Measure memory in new processes; return the records `memory` and `resident`.

    `memory` has a row per problem, batch size, estimator (and `inference`) and round. `resident`
    has a row per sample of a process that takes steps, if the settings ask for a timeline. An
    estimator that is not supported, or a process that fails, is one row with this status.
    """
    settings = job.settings
    cases = [
        (problem, batch_size, estimator)
        for problem, batch_size in problems_and_batch_sizes(settings)
        for estimator in (INFERENCE, *job.estimators)
    ]
    rows: list[Row] = []
    for round_number in range(settings.rounds):
        for case in cases:
            row = context.probe(partial(measure, job, context.backend, *case))
            rows.append(_names(job, *case) | row | {"round": round_number})
    samples: list[Row] = []
    if settings.timeline_seconds:
        for case in cases:
            names = _names(job, *case)
            command = context.stepping_command(*case, settings.timeline_seconds)
            limit = outcomes.LIMIT_SECONDS + settings.timeline_seconds
            samples += (names | row for row in timeline.sample_rss(command, limit))
    return {"memory": to_table(rows, MEMORY), "resident": to_table(samples, RESIDENT)}


def measure(
    job: Job, backend: Backend, problem: str, batch_size: int, estimator: str
) -> dict[str, Any]:
    """Return the memory row of one problem and one estimator; run it in a new process.

    An estimator that is not supported has a row with this status, without bytes.

    Args:
        job: the job.
        backend: the framework.
        problem: name of the problem in the job.
        batch_size: number of examples of the minibatch.
        estimator: name of the estimator in the job, or `inference`.
    """
    target = load_workload(job, backend, problem, batch_size)
    columns = _columns(job, target, estimator)
    try:
        with ExplainedShortage():
            return columns | outcomes.OK | _byte_counts(job, backend, target, estimator)
    except NotImplementedError as error:
        return columns | outcomes.unsupported(error)


def _byte_counts(job: Job, backend: Backend, target: Workload, estimator: str) -> Row:
    program = _program(job, backend, target, estimator)
    compiled, call = programs.compile_for_memory(backend, program)
    resident_peak = _resident_peak(call)
    device_peak = backend.engine.device_peak_bytes()
    return {
        **compiled.counts,
        **backend.engine.saved_bytes(program.build, program.arguments),
        **device_peak,
        "parameter_bytes": target.dimension * np.dtype(job.run.precision).itemsize,
        "resident_peak_bytes": resident_peak,
    }


def step_for(
    job: Job,
    backend: Backend,
    problem: str,
    batch_size: int,
    estimator: str,
    seconds: float,
) -> dict[str, Any]:
    """Take steps for some seconds while another process samples the memory of this one.

    Args:
        job: the job.
        backend: the framework.
        problem: name of the problem in the job.
        batch_size: number of examples of the minibatch.
        estimator: name of the estimator in the job, or `inference`.
        seconds: time to take steps, each from the result of the last one.

    Returns:
        The columns that identify the row, with `begun`, `ended` and `steps`. An estimator that is
        not supported has this status and a reason instead.
    """
    target = load_workload(job, backend, problem, batch_size)
    columns = _columns(job, target, estimator)
    try:
        with ExplainedShortage():
            program = _program(job, backend, target, estimator)
            _, step = programs.compile_for_memory(backend, program)
            return columns | timeline.step_for(step, seconds)
    except NotImplementedError as error:
        return columns | outcomes.unsupported(error)


def _names(job: Job, problem: str, batch_size: int, estimator: str) -> Row:
    """Return the columns of a case that are known before its process begins."""
    target = job.settings.problems[problem]
    names = {
        "memory": job.name,
        "backend": job.backend,
        "problem": problem,
        "problem_kind": registry.kind(target),
        "batch_size": batch_size if target.dataset else 0,
        "estimator": estimator,
        "precision": job.run.precision,
    }
    if estimator == INFERENCE:
        return names
    return names | estimator_columns(job.estimators[estimator])


def _columns(job: Job, target: Workload, estimator: str) -> Row:
    return _names(job, target.name, target.batch_size, estimator) | target.columns()


def _program(job: Job, backend: Backend, target: Workload, estimator: str) -> Program:
    if estimator == INFERENCE:
        return programs.forward(target)
    _, step = programs.estimate_and_step(backend, target, job.estimators[estimator])
    return step


def _resident_peak(call: Callable[[], Any]) -> int | None:
    """Return the rise of the resident set during a call in bytes, or None if not available."""
    if not CLEAR.exists():
        return None
    # The first call is a warm-up. Memory that it freed goes back to the system, because the second
    # call would reuse it without raising the peak.
    call()
    ctypes.CDLL(None).malloc_trim(0)
    # Writing 5 resets the peak (VmHWM) to the current resident set size.
    CLEAR.write_text("5", encoding="ascii")
    before = _kilobytes("VmRSS")
    call()
    return 1024 * (_kilobytes("VmHWM") - before)


def _kilobytes(field: str) -> int:
    lines = STATUS.read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1])
