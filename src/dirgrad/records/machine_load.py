"""What else the machine does while something is measured."""

from time import perf_counter
from typing import NamedTuple

import psutil

NOISY = 0.05
"""The share of the processors' time, taken by others, above which a measurement of time is flagged."""


class Mark(NamedTuple):
    """Seconds: of the clock, of all processors' work since the system began, of this process's own."""

    clock: float
    busy: float
    own: float


def mark() -> Mark:
    """Now."""
    every, own = psutil.cpu_times(), psutil.Process().cpu_times()
    idle = every.idle + getattr(every, "iowait", 0.0)
    return Mark(perf_counter(), sum(every) - idle, own.user + own.system)


def other_cpu_fraction(since: Mark) -> float:
    """The share of the processors' time that other processes took since then, from 0 to 1, as the system counts: in hundredths of
    a second."""
    now = mark()
    taken = (now.busy - since.busy) - (now.own - since.own)
    return min(1.0, max(0.0, taken / ((now.clock - since.clock) * (psutil.cpu_count() or 1))))
