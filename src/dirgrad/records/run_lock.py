"""A lock of the kernel on the results of a tier, which ends with the process that holds it."""

import fcntl
import os
from pathlib import Path

from dirgrad.core.errors import UserError


def acquire(folder: Path) -> None:
    """Lock a folder of results until this process ends.

    A killed process leaves no lock behind, and child processes do not inherit the lock. On a file
    system without locks, nothing is locked.

    Raises:
        UserError: Another process holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The descriptor stays open, and with it the lock.
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode(errors="replace").strip()
        os.close(descriptor)
        raise UserError(
            f"{folder}: another run is at work here ({holder or 'process unknown'}): "
            "wait until it ends, or use another directory"
        ) from None
    except OSError:
        return
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()} on {os.uname().nodename}".encode())
