"""Timeline of a process: its resident set size over time, sampled from another process."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from time import monotonic, time
from typing import Any

import psutil

from dirgrad.records.schemas import MeasurementStatus
from dirgrad.runs.instruments import outcomes

PERIOD_SECONDS = 0.01
"""Seconds between two samples."""
MEBIBYTE = 2**20


def sample_rss(
    command: list[str], limit_seconds: float = outcomes.LIMIT_SECONDS
) -> Iterator[dict[str, Any]]:
    """Run a command and yield one row per sample of its resident set size.

    The command prints a row as JSON on its last line, with the clock times `begun` and `ended`.
    Each yielded row is this row without both times, plus `status`, `seconds` since `begun` and
    `resident_bytes`. If the command fails, or prints a `status` that is not `ok`, the only row has
    this `status` and its `reason`.

    Args:
        command: The command.
        limit_seconds: Time after which the process is ended, in seconds.
    """
    # A pipe that nobody reads would stop the process once it is full.
    with TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=sys.stderr)
        try:
            samples = _samples(process, monotonic() + limit_seconds)
        finally:
            if process.poll() is None:
                process.kill()
        if samples is None:
            yield outcomes.hung(limit_seconds)
            return
        code = process.wait()
        output.seek(0)
        lines = output.read().splitlines()
    if code or not lines:
        yield outcomes.failed(code)
        return
    row = outcomes.OK | json.loads(lines[-1])
    if row["status"] != MeasurementStatus.OK:
        yield row
        return
    begun, ended = row.pop("begun"), row.pop("ended")
    for mebibytes, clock in samples:
        # A process frees its memory while it exits, so later samples mean nothing.
        if clock <= ended:
            resident_bytes = round(mebibytes * MEBIBYTE)
            yield row | {"seconds": clock - begun, "resident_bytes": resident_bytes}


def _samples(process: subprocess.Popen[bytes], deadline: float) -> list[tuple[float, float]] | None:
    """Return (resident set in MiB, clock time) in fixed intervals until the process ends.

    The process is ended if it runs after the deadline, and the result is then None.
    """
    # The observed process imports this module too, and should not hold the profiler.
    from memory_profiler import memory_usage

    samples: list[tuple[float, float]] = []
    # On macOS, a process that has just ended has no memory to read.
    with suppress(psutil.NoSuchProcess):
        while process.poll() is None:
            if monotonic() > deadline:
                process.kill()
                process.wait()
                return None
            # For the id of a process, a call takes one sample and then waits for the interval.
            samples += memory_usage(process.pid, interval=PERIOD_SECONDS, timestamps=True)
    return samples


def step_for(step: Callable[[], object], seconds: float) -> dict[str, float]:
    """Call `step` repeatedly for some seconds; return `begun`, `ended` and the number of `steps`.

    `begun` and `ended` are clock times in seconds since the epoch.
    """
    begun = time()
    calls = 0
    while time() - begun < seconds:
        step()
        calls += 1
    return {"begun": begun, "ended": time(), "steps": calls}
