"""The memory of a step beside the function alone. Each value is the peak of a process of its own: what a process has freed, it
often keeps, so that one measurement changes the next."""

import ctypes
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dirgrad.plan import Measurement
from dirgrad.records import MEMORY, table
from dirgrad.runs import parts
from dirgrad.runs.parts import Part
from dirgrad.runs.subject import Subject, described, subject
from dirgrad.types import Backend

INFERENCE = "inference"
"""Beside the estimators: the function alone."""
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def run(made: Measurement, probe: Callable[[str, str], list[str]]) -> dict[str, pa.Table]:
    """`memory`: a row per problem, estimator (and `inference`) and round.

    probe: the command that runs `measure` for a problem and an estimator in a new process and prints its row as JSON.
    """
    rows = []
    for turn in range(made.settings.rounds):
        for problem in made.settings.problems:
            for estimator in (INFERENCE, *made.estimators):
                done = subprocess.run(probe(problem, estimator), stdout=subprocess.PIPE, stderr=sys.stderr, text=True, check=True)
                rows.append(json.loads(done.stdout.splitlines()[-1]) | {"round": turn})
    return {"memory": table(rows, MEMORY)}


def measure(made: Measurement, backend: Backend, problem: str, estimator: str) -> dict[str, Any]:
    """The row of one problem and one estimator, to be taken in a fresh process."""
    about = subject(made, backend, problem)
    part = _part(made, backend, about, estimator)
    prepared = backend.engine.prepare(part.build(backend.ops), part.arguments)
    facts = {} if estimator == INFERENCE else described(made.estimators[estimator])
    resident, device = _peak(lambda: prepared.call(*part.arguments)), backend.engine.device_peak_bytes()
    return {
        "memory": made.name,
        "backend": made.backend,
        "estimator": estimator,
        "precision": made.run.precision,
        **about.facts(),
        **facts,
        **prepared.counts,
        **backend.engine.saved_bytes(part.build, part.arguments),
        **device,
        "parameter_bytes": about.dimension * np.dtype(made.run.precision).itemsize,
        "resident_peak_bytes": resident,
    }


def _part(made: Measurement, backend: Backend, about: Subject, estimator: str) -> Part:
    if estimator == INFERENCE:
        return parts.alone(about)
    _, step = parts.whole(backend, about, made.estimators[estimator])
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
    (line,) = (line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1])
