"""The machine load is the processor time of other processes, as the system counts it."""

import subprocess
import sys
from time import perf_counter

import psutil
import pytest

from dirgrad.records import machine_load

BUSY_LOOP = """
import time
end = time.time() + 0.3
while time.time() < end:
    pass
"""


def test_only_the_work_of_other_processes_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = {"busy": 100.0, "own": 10.0}

    def read_counters() -> machine_load.CpuCounters:
        return machine_load.CpuCounters(perf_counter(), counters["busy"], counters["own"])

    monkeypatch.setattr(machine_load, "read_counters", read_counters)
    monkeypatch.setattr(psutil, "cpu_count", lambda: 4)
    start = machine_load.read_counters()._replace(clock=perf_counter() - 10.0)
    # Of 40 processor seconds, other processes use 20.
    counters["busy"] += 20.0
    assert machine_load.other_cpu_fraction(start) == pytest.approx(0.5, rel=0.01)
    # Now this process accounts for the same 20 seconds.
    counters["own"] += 20.0
    assert machine_load.other_cpu_fraction(start) == 0.0


def test_the_counters_of_the_system_show_the_work_of_another_process() -> None:
    before = machine_load.read_counters()
    subprocess.run([sys.executable, "-c", BUSY_LOOP], check=True)
    after = machine_load.read_counters()
    assert after.busy - before.busy >= 0.2
    assert after.own - before.own < 0.2
    assert 0.0 < machine_load.other_cpu_fraction(before) <= 1.0
