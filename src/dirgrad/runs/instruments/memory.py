"""The memory of a step beside the function alone. Each value is the peak of a process of its own: what a process has freed, it
often keeps, so that one measurement changes the next."""

import ctypes
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dirgrad.config.plan import Measurement
from dirgrad.core.types import Backend
from dirgrad.records.files import to_table
from dirgrad.records.schemas import MEMORY, RESIDENT
from dirgrad.runs.instruments import programs, timeline
from dirgrad.runs.instruments.programs import Program
from dirgrad.runs.instruments.workload import (
    Workload,
    estimator_columns,
    problems_and_batch_sizes,
    workload,
)

INFERENCE = "inference"
"""Beside the estimators: the function alone."""
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


Probe: TypeAlias = Callable[..., list[str]]
"""(problem, size of the minibatch, estimator) -> the command that prints the row of `measure` as JSON, from a new process; with
`seconds`, that of `keep_busy`."""


def run(made: Measurement, probe: Probe) -> dict[str, pa.Table]:
    """`memory`: a row per problem, size of the minibatch, estimator (and `inference`) and round. `resident`: a row per sample of a
    process that takes steps, if its timeline is asked for."""
    every = [
        (*about, estimator)
        for about in problems_and_batch_sizes(made.settings)
        for estimator in (INFERENCE, *made.estimators)
    ]
    rows = [
        _printed(probe(*about)) | {"round": turn}
        for turn in range(made.settings.rounds)
        for about in every
    ]
    seconds = made.settings.timeline_seconds
    samples = [
        row for about in every if seconds for row in timeline.sample_rss(probe(*about, seconds))
    ]
    return {"memory": to_table(rows, MEMORY), "resident": to_table(samples, RESIDENT)}


def _printed(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=sys.stderr, text=True, check=True)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def measure(
    made: Measurement, backend: Backend, problem: str, batch_size: int, estimator: str
) -> dict[str, Any]:
    """The row of one problem and one estimator, to be taken in a fresh process."""
    about = workload(made, backend, problem, batch_size)
    part = _part(made, backend, about, estimator)
    prepared, call = programs.compile_for_memory(backend, part)
    resident, device = _peak(call), backend.engine.device_peak_bytes()
    return _facts(made, about, estimator) | {
        **prepared.counts,
        **backend.engine.saved_bytes(part.build, part.arguments),
        **device,
        "parameter_bytes": about.dimension * np.dtype(made.run.precision).itemsize,
        "resident_peak_bytes": resident,
    }


def step_for(
    made: Measurement,
    backend: Backend,
    problem: str,
    batch_size: int,
    estimator: str,
    seconds: float,
) -> dict[str, Any]:
    """Take steps for so many seconds, each from where the last ended, while somebody samples the memory of this process."""
    about = workload(made, backend, problem, batch_size)
    part = _part(made, backend, about, estimator)
    _, step = programs.compile_for_memory(backend, part)
    return _facts(made, about, estimator) | timeline.step_for(step, seconds)


def _facts(made: Measurement, about: Workload, estimator: str) -> dict[str, Any]:
    told = {
        "memory": made.name,
        "backend": made.backend,
        "estimator": estimator,
        "precision": made.run.precision,
        **about.columns(),
    }
    return told if estimator == INFERENCE else told | estimator_columns(made.estimators[estimator])


def _part(made: Measurement, backend: Backend, about: Workload, estimator: str) -> Program:
    if estimator == INFERENCE:
        return programs.forward(about)
    _, step = programs.estimate_and_step(backend, about, made.estimators[estimator])
    return step


def _peak(call: Callable[[], Any]) -> int | None:
    """Peak resident bytes of a call, above those before it; None where the system does not tell. What earlier calls freed is
    given back first, else it would be used again unseen."""
    if not CLEAR.exists():
        return None
    call()
    ctypes.CDLL(None).malloc_trim(0)
    CLEAR.write_text("5", encoding="ascii")
    before = _kilobytes("VmRSS")
    call()
    return 1024 * (_kilobytes("VmHWM") - before)


def _kilobytes(field: str) -> int:
    (line,) = (
        line
        for line in STATUS.read_text(encoding="ascii").splitlines()
        if line.startswith(f"{field}:")
    )
    return int(line.split()[1])
