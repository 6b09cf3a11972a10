"""What other processes do meanwhile, and what a process holds, seen from outside."""

import subprocess
import sys
from time import perf_counter

import psutil
import pytest

from dirgrad.records import machine_load
from dirgrad.runs.instruments import timeline

BUSY = "import time; until = time.time() + {seconds}\nwhile time.time() < until: pass"


def test_work_of_others_is_seen_and_ones_own_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the system's counters: others work, then this process does."""
    counted = {"busy": 100.0, "own": 10.0}
    monkeypatch.setattr(
        machine_load,
        "mark",
        lambda: machine_load.Mark(perf_counter(), counted["busy"], counted["own"]),
    )
    monkeypatch.setattr(psutil, "cpu_count", lambda: 4)
    begun = machine_load.mark()._replace(clock=perf_counter() - 10.0)
    counted["busy"] += 20.0
    assert machine_load.other_cpu_fraction(begun) == pytest.approx(0.5, rel=0.01)
    counted["own"] += 20.0
    assert machine_load.other_cpu_fraction(begun) == 0.0


def test_the_counters_are_those_of_the_system() -> None:
    before = machine_load.mark()
    subprocess.run([sys.executable, "-c", BUSY.format(seconds=0.3)], check=True)
    after = machine_load.mark()
    assert after.busy - before.busy >= 0.2
    assert after.own - before.own < 0.2
    assert 0.0 < machine_load.other_cpu_fraction(before) <= 1.0


GROWS = """
import json, time
held = bytearray(50_000_000)
begun = time.time()
time.sleep(0.2)
more = bytes([1]) * 100_000_000
time.sleep(0.2)
print("something else")
print(json.dumps({"begun": begun, "ended": time.time(), "steps": 1}))
"""


def test_a_process_is_watched_from_outside() -> None:
    rows = list(timeline.sample_rss([sys.executable, "-c", GROWS]))
    assert all(row.keys() == {"steps", "seconds", "resident_bytes"} for row in rows)
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)
    assert seconds[-1] >= 0.3
    early = [row["resident_bytes"] for row in rows if 0.05 < row["seconds"] < 0.15]
    assert rows[-1]["resident_bytes"] - max(early) == pytest.approx(1e8, rel=0.05)


def test_a_process_that_fails_is_not_a_timeline() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        list(timeline.sample_rss([sys.executable, "-c", "raise SystemExit(3)"]))


def test_steps_go_on_for_as_long_as_they_should() -> None:
    calls = []
    told = timeline.step_for(lambda: calls.append(1), 0.05)
    assert told["steps"] == len(calls) > 0
    assert told["ended"] - told["begun"] >= 0.05
