"""A measurement in a fork returns its row, or the way in which its process ended."""

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
