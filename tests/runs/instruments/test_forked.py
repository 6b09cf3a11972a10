"""A measurement in a fork returns its row, or the way in which its process ended."""

from pathlib import Path

import pytest

from support.fresh_python import printed_lines


@pytest.mark.parametrize("outcome", ["raise SystemExit(3)", "os.kill(os.getpid(), 9)"])
def test_a_fork_returns_its_row_or_its_end(outcome: str) -> None:
    lines = [
        "import os, sys",
        "from dirgrad.runs.instruments import forked",
        "def failing():",
        f"    {outcome}",
        "print(forked.measure(lambda: {'pid': os.getpid()})['pid'] != os.getpid())",
        "print(forked.measure(failing)['reason'])",
    ]
    ending = "exit code 3" if "Exit" in outcome else "signal 9"
    assert printed_lines(*lines) == ["True", f"the process ended with {ending}"]


def test_a_fork_that_hangs_is_ended_and_has_a_status() -> None:
    lines = [
        "import os, signal",
        "from dirgrad.runs.instruments import forked",
        "def stopped():",
        "    os.kill(os.getpid(), signal.SIGSTOP)",
        "print(forked.measure(stopped, 0.2))",
    ]
    (line,) = printed_lines(*lines)
    assert "'status': <MeasurementStatus.FAILED" in line
    assert "ended after 0.2 seconds without a result" in line


def test_a_measurement_that_a_signal_ends_is_made_once_more(tmp_path: Path) -> None:
    lines = [
        "import os, pathlib",
        "from dirgrad.runs.instruments import forked",
        f"first = pathlib.Path({str(tmp_path / 'first')!r})",
        "def killed_once():",
        "    if not first.exists():",
        "        first.touch()",
        "        os.kill(os.getpid(), 9)",
        "    return {'row': 1}",
        "print(forked.measure(killed_once))",
    ]
    assert printed_lines(*lines) == ["{'row': 1}"]


def test_an_interrupted_measurement_leaves_no_process() -> None:
    lines = [
        "import multiprocessing, os, signal, time",
        "from dirgrad.runs.instruments import forked",
        "def interrupting():",
        "    os.kill(os.getppid(), signal.SIGINT)",
        "    time.sleep(60)",
        "try:",
        "    forked.measure(interrupting)",
        "except KeyboardInterrupt:",
        "    print(multiprocessing.active_children())",
    ]
    assert printed_lines(*lines) == ["[]"]
