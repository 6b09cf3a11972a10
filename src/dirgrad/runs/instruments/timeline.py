"""The resident set of a process over time, sampled from outside."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from time import sleep, time
from typing import Any

import psutil

PERIOD_SECONDS = 0.01


def sample_rss(command: list[str]) -> Iterator[dict[str, Any]]:
    """The row that a command prints as JSON, once per sample of its process until `ended`: `seconds` since `begun`, both times
    of the clock in that row, and `resident_bytes`. Raises CalledProcessError where the command fails."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
    outside, samples = psutil.Process(process.pid), []
    while process.poll() is None:
        try:
            samples.append((time(), outside.memory_info().rss))
        except psutil.Error:
            break
        sleep(PERIOD_SECONDS)
    printed, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    row = json.loads(printed.splitlines()[-1])
    begun = row.pop("begun")
    # A process that has ended has no memory any more, and one that ends has less and less.
    ended = row.pop("ended")
    yield from (
        row | {"seconds": at - begun, "resident_bytes": rss} for at, rss in samples if at <= ended
    )


def step_for(step: Callable[[], object], seconds: float) -> dict[str, float]:
    """Call `step` again and again for so many seconds: `begun` and `ended`, by the clock, and `steps`."""
    begun, calls = time(), 0
    while time() - begun < seconds:
        step()
        calls += 1
    return {"begun": begun, "ended": time(), "steps": calls}
