"""Timeline of a process: its resident set size over time, sampled from another process."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from time import sleep, time
from typing import Any

import psutil

PERIOD_SECONDS = 0.01
"""Seconds between two samples."""


def sample_rss(command: list[str]) -> Iterator[dict[str, Any]]:
    """Run a command and yield one row per sample of its resident set size.

    The command prints a row as JSON on its last line, with the clock times `begun` and `ended`.
    Each yielded row is this row without both times, plus `seconds` since `begun` and
    `resident_bytes`.

    Raises:
        CalledProcessError: the command failed.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
    samples = _samples(process)
    printed, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    row = json.loads(printed.splitlines()[-1])
    begun, ended = row.pop("begun"), row.pop("ended")
    for clock, resident_bytes in samples:
        # A process frees its memory while it exits, so later samples mean nothing.
        if clock <= ended:
            yield row | {"seconds": clock - begun, "resident_bytes": resident_bytes}


def _samples(process: subprocess.Popen[str]) -> list[tuple[float, int]]:
    """Return (clock time, resident bytes) in fixed intervals until the process ends."""
    observed = psutil.Process(process.pid)
    samples: list[tuple[float, int]] = []
    while process.poll() is None:
        try:
            samples.append((time(), observed.memory_info().rss))
        except psutil.Error:
            break
        sleep(PERIOD_SECONDS)
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
