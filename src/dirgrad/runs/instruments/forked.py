"""Measurements in new processes that are forks of this one.

A fork has everything imported already, which takes a second or two in a fresh process. No framework
may have computed anything before: its threads do not exist in a fork.
"""

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from dirgrad.records import run_processes
from dirgrad.runs.instruments import outcomes

LAST_SECONDS = 60.0
"""Time that a process may take to end after its result, in seconds."""


def measure(
    measurement: Callable[[], dict[str, Any]], limit_seconds: float = outcomes.LIMIT_SECONDS
) -> dict[str, Any]:
    """Return the row of a measurement in a new process, or its outcome if the process fails.

    If a signal ends the process, the measurement is made once more, because the signal may have
    come from outside. A second signal is the outcome.

    Args:
        measurement: Function that returns the row.
        limit_seconds: Time after which the process is ended, in seconds.
    """
    row = _measure_once(measurement, limit_seconds)
    if isinstance(row, int) and row < 0:
        row = _measure_once(measurement, limit_seconds)
    return outcomes.failed(row) if isinstance(row, int) else row


def _measure_once(
    measurement: Callable[[], dict[str, Any]], limit_seconds: float
) -> dict[str, Any] | int:
    """Return the row of a measurement, or the exit code of its process without a row."""
    forking = get_context("fork")
    receiver, sender = forking.Pipe(duplex=False)
    process = forking.Process(target=_send_row, args=(measurement, sender, os.getpid()))
    process.start()
    # The pipe ends with the process only if nobody else can write to it.
    sender.close()
    try:
        with receiver:
            if not receiver.poll(limit_seconds):
                return outcomes.hung(limit_seconds)
            row = _received(receiver)
        process.join(LAST_SECONDS)
    finally:
        if process.is_alive():
            process.kill()
            process.join()
    return (process.exitcode or 0) if row is None else row


def _send_row(measurement: Callable[[], dict[str, Any]], sender: Connection, parent: int) -> None:
    run_processes.end_with_parent()
    # The parent may have ended before the request.
    if os.getppid() == parent:
        sender.send(measurement())


def _received(receiver: Connection) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = receiver.recv()
    except EOFError:
        return None
    return row
