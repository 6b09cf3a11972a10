"""A timeline samples the resident set of a process from outside while it takes steps."""

import sys

import pytest

from dirgrad.runs.instruments import timeline
from support.fresh_python import printed_lines

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
    columns = {"steps", "status", "seconds", "resident_bytes"}
    assert all(sample.keys() == columns for sample in samples)
    seconds = [sample["seconds"] for sample in samples]
    assert seconds == sorted(seconds)
    assert seconds[-1] >= 0.3
    early = [sample["resident_bytes"] for sample in samples if 0.05 < sample["seconds"] < 0.15]
    growth = samples[-1]["resident_bytes"] - max(early)
    assert growth == pytest.approx(1e8, rel=0.05)
    assert {sample["status"] for sample in samples} == {"ok"}


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "signal 9"),
        ("import time; time.sleep(0.1); raise SystemExit(1)", "exit code 1"),
    ],
)
def test_a_process_that_fails_is_a_row_with_a_status(code: str, ending: str) -> None:
    (row,) = timeline.sample_rss([sys.executable, "-c", code])
    assert row == {"status": "failed", "reason": f"the process ended with {ending}"}


def test_a_process_that_prints_more_than_a_pipe_holds_is_sampled_to_its_end() -> None:
    row = '{"begun": 0.0, "ended": 4e9}'
    code = f"print('x' * 1_000_000); print('{row}')"
    samples = list(timeline.sample_rss([sys.executable, "-c", code]))
    assert samples
    assert all(sample["resident_bytes"] % 4096 == 0 for sample in samples)


def test_the_observed_process_does_not_import_the_profiler() -> None:
    code = "import sys, dirgrad.runs.instruments.memory; print('memory_profiler' in sys.modules)"
    assert printed_lines(code) == ["False"]


def test_steps_are_repeated_until_the_time_is_over() -> None:
    calls = []
    row = timeline.step_for(lambda: calls.append(1), 0.05)
    assert row["steps"] == len(calls) > 0
    assert row["ended"] - row["begun"] >= 0.05


def test_a_process_that_hangs_is_ended_and_is_a_row_with_a_status() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
    (row,) = timeline.sample_rss([sys.executable, "-c", code], limit_seconds=0.3)
    assert row["status"] == "failed"
    assert row["reason"] == "the process was ended after 0.3 seconds without a result"


def test_a_process_that_prints_nothing_is_a_row_with_a_status() -> None:
    (row,) = timeline.sample_rss([sys.executable, "-c", ""])
    assert row == {"status": "failed", "reason": "the process ended without a result"}
