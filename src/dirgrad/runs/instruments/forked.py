"""Measurements in new processes that are forks of this one.

A fork has everything imported already, which takes a second or two in a fresh process. No framework
may have computed anything before: its threads do not exist in a fork.
"""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from dirgrad.runs.instruments import outcomes


def measure(measurement: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the row of a measurement in a new process, or its outcome if the process fails."""
    forking = get_context("fork")
    receiver, sender = forking.Pipe(duplex=False)
    process = forking.Process(target=_send_row, args=(measurement, sender))
    process.start()
    # The pipe ends with the process only if nobody else can write to it.
    sender.close()
    with receiver:
        row = _received(receiver)
    process.join()
    return outcomes.failed(process.exitcode or 0) if row is None else row


def _send_row(measurement: Callable[[], dict[str, Any]], sender: Connection) -> None:
    sender.send(measurement())


def _received(receiver: Connection) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = receiver.recv()
    except EOFError:
        return None
    return row
