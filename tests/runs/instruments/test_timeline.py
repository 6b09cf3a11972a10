"""A timeline samples the resident set of a process from outside while it takes steps."""

import subprocess
import sys

import pytest

from dirgrad.runs.instruments import timeline

GROWING_PROCESS = """
import json, time
first_block = bytearray(50_000_000)
begun = time.time()
time.sleep(0.2)
second_block = bytes([1]) * 100_000_000
time.sleep(0.2)
print("something else")
print(json.dumps({"begun": begun, "ended": time.time(), "steps": 1}))
"""


def test_a_timeline_shows_how_the_memory_of_a_process_grows() -> None:
    samples = list(timeline.sample_rss([sys.executable, "-c", GROWING_PROCESS]))
    columns = {"steps", "seconds", "resident_bytes"}
    assert all(sample.keys() == columns for sample in samples)
    seconds = [sample["seconds"] for sample in samples]
    assert seconds == sorted(seconds)
    assert seconds[-1] >= 0.3
    early = [sample["resident_bytes"] for sample in samples if 0.05 < sample["seconds"] < 0.15]
    growth = samples[-1]["resident_bytes"] - max(early)
    assert growth == pytest.approx(1e8, rel=0.05)


def test_a_failed_process_raises_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        list(timeline.sample_rss([sys.executable, "-c", "raise SystemExit(3)"]))


def test_steps_are_repeated_until_the_time_is_over() -> None:
    calls = []
    row = timeline.step_for(lambda: calls.append(1), 0.05)
    assert row["steps"] == len(calls) > 0
    assert row["ended"] - row["begun"] >= 0.05
