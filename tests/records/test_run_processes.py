"""The processes of a run end with it, and the next run ends those that are left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from dirgrad.records import run_processes

SLEEP = "import time; time.sleep(60)"
CHILD = f"""
from dirgrad.records import run_processes
run_processes.end_with_parent()
print("asked", flush=True)
{SLEEP}
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@contextmanager
def process(code: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run code in a process of a run on a folder of results."""
    environment = os.environ | {run_processes.VARIABLE: str(folder)}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as started:
        try:
            yield started
        finally:
            run_processes.end_all(folder)


def test_only_processes_of_runs_on_a_folder_are_ended(tmp_path: Path) -> None:
    with process(SLEEP, tmp_path / "a") as of_a, process(SLEEP, tmp_path / "b") as of_b:
        assert run_processes.end_all(tmp_path / "a") == 1
        # The parent learns the exit status.
        assert of_a.wait(10) == -signal.SIGKILL
        assert of_b.poll() is None
        assert run_processes.end_all(tmp_path / "a") == 0


def test_a_process_ends_with_its_parent(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ends a process with its parent")
    with process(PARENT, tmp_path) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"asked\n"
        children = psutil.Process(parent.pid).children()
        assert len(children) == 1
        parent.kill()
        gone, _ = psutil.wait_procs(children, timeout=10)
        assert gone == children


def test_a_job_of_a_run_that_has_ended_does_not_begin() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    variables = {run_processes.PROCESS: f"{gone.pid} {os.uname().nodename}"}
    code = "import dirgrad.__main__; print('began')"
    job = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | variables, capture_output=True, check=False
    )
    assert (job.returncode, job.stdout) == (1, b"")


def test_an_interrupt_ends_a_command_without_a_traceback() -> None:
    code = "import os, signal, dirgrad.__main__; os.kill(os.getpid(), signal.SIGINT)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == -2
    assert ended.stderr == b""
