"""A measurement in a fork returns its row, or the way in which its process ended."""

import subprocess
import sys

import pytest


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
    command = [sys.executable, "-c", "\n".join(lines)]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    ending = "exit code 3" if "Exit" in outcome else "signal 9"
    assert process.stdout.splitlines() == ["True", f"the process ended with {ending}"]
