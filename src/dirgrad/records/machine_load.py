"""Measure how much processor time other processes take during a measurement."""

from time import perf_counter
from typing import NamedTuple

import psutil

NOISY_FRACTION = 0.05
"""A measurement of time is flagged as noisy if `other_cpu_fraction` is above this value."""


class CpuCounters(NamedTuple):
    """Clock and processor time counters at one moment, in seconds.

    Attributes:
        clock: Wall clock, from an arbitrary origin.
        busy: Time that all processors together have spent on work since the system started.
        own: Processor time of this process.
    """

    clock: float
    busy: float
    own: float


def read_counters() -> CpuCounters:
    """Read the counters."""
    system = psutil.cpu_times()
    process = psutil.Process().cpu_times()
    # Only some systems count the time spent waiting for input and output.
    idle = system.idle + getattr(system, "iowait", 0.0)
    busy = sum(system) - idle
    return CpuCounters(clock=perf_counter(), busy=busy, own=process.user + process.system)


def other_cpu_fraction(since: CpuCounters) -> float:
    """Return the fraction of all processor time that other processes have used since `since`.

    The result lies between 0 and 1. Its resolution is the system's, often 0.01 seconds.
    """
    end = read_counters()
    busy = end.busy - since.busy
    own = end.own - since.own
    processors = psutil.cpu_count() or 1
    available = (end.clock - since.clock) * processors
    return min(1.0, max(0.0, (busy - own) / available))
