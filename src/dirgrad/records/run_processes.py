"""Processes of a run: they end with it, and the next run ends those that are left."""

import ctypes
import os
import signal
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

VARIABLE = "DIRGRAD_RUN"
"""Environment variable of every process of a run: the folder of the results of the run."""
PROCESS = "DIRGRAD_RUN_PROCESS"
"""Environment variable of every process of a run: the id of Snakemake and the machine."""
PR_SET_PDEATHSIG = 1
LAST_SECONDS = 10.0
"""Time to wait until ended processes are gone, in seconds."""


def mark(folder: Path) -> None:
    """Name the results of this run in the environment that its processes inherit."""
    os.environ[VARIABLE] = str(folder.resolve())
    os.environ[PROCESS] = f"{os.getpid()} {os.uname().nodename}"


def end_with_run() -> None:
    """Let this process end with the run that has started it, if there is one.

    Raises:
        SystemExit: The run has ended already.
    """
    process, _, machine = os.environ.get(PROCESS, "").partition(" ")
    if not process:
        return
    end_with_parent()
    # The run may have ended before the request.
    if machine == os.uname().nodename and not _exists(int(process)):
        sys.exit(1)


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end_with_parent() -> None:
    """Ask the kernel to kill this process as soon as its parent ends. Only Linux can do this."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_all(folder: Path) -> int:
    """Kill all processes of runs on a folder of results, and return their number.

    The process that calls this function must hold the lock of the folder, so that no other run is
    at work on it. Processes of other users and of other machines stay.
    """
    # Planning needs no psutil.
    import psutil

    name = str(folder.resolve())
    ended = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(VARIABLE) == name:
                process.kill()
                ended.append(process)
        except psutil.Error:
            continue
    deadline = monotonic() + LAST_SECONDS
    while any(map(_is_at_work, ended)) and monotonic() < deadline:
        sleep(0.02)
    return len(ended)


def _is_at_work(process: "psutil.Process") -> bool:
    """Return whether a process runs. Its exit status is left to its parent."""
    import psutil

    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
