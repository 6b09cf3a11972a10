"""A terminal shows one bar and errors; anything else gets Snakemake's own output."""

import fcntl
import logging
import os
import select
import struct
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from dirgrad.cli import run_progress
from dirgrad.config.time_left import TimedJob

ERROR = "Error in rule run_training"


class Terminal:
    """A pseudo-terminal of a given width."""

    def __init__(self, columns: int) -> None:
        self.master, slave = os.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self.resize(columns)

    def resize(self, columns: int) -> None:
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, size)

    def read(self) -> str:
        """Return the output since the last call; the kernel passes it on in pieces."""
        self.stream.flush()
        text = b""
        while select.select([self.master], [], [], 0.1)[0]:
            text += os.read(self.master, 65536)
        return text.decode()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal(100)
    yield terminal
    terminal.stream.close()
    os.close(terminal.master)


def snakemake_logger(stream: TextIO) -> logging.Logger:
    """Return a logger with the handler of Snakemake that writes to a stream."""
    from snakemake.logging import LoggerManager
    from snakemake.settings.types import OutputSettings

    logger = logging.Logger("snakemake")
    LoggerManager(logger, OutputSettings())
    (handler,) = logger.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    return logger


def log_jobs(logger: logging.Logger, *jobs: int) -> None:
    """Log the start and the end of jobs, as Snakemake does."""
    from snakemake.logging import LogEvent

    for job in jobs:
        logger.info("Execute", extra={"event": LogEvent.JOB_STARTED, "jobs": [job]})
        logger.info("rule run_training:\n    input: data")
        logger.info("Finished", extra={"event": LogEvent.JOB_FINISHED, "job_id": job})


def started(logger: logging.Logger, num_jobs: int) -> run_progress.RunProgress:
    jobs = {number: TimedJob("run", 60.0) for number in range(num_jobs)}
    progress = run_progress.start(logger, "Tier small", jobs, cores=1)
    assert progress is not None
    return progress


def test_a_terminal_shows_a_bar_that_fits_after_a_change_of_its_width(terminal: Terminal) -> None:
    logger = snakemake_logger(terminal.stream)
    progress = started(logger, 4)
    log_jobs(logger, 0, 1)
    text = terminal.read()
    assert text.split("\r")[-1].startswith("Tier small: 2 of 4 jobs, about ")
    assert "rule run_training" not in text
    terminal.resize(40)
    log_jobs(logger, 2)
    last = terminal.read().split("\r")[-1]
    assert last.startswith("Tier small: 3 of 4 jobs")
    assert len(last.rstrip()) <= 40
    progress.stop(logger)


def test_an_error_stands_above_the_bar_and_snakemake_writes_again_afterwards(
    terminal: Terminal,
) -> None:
    logger = snakemake_logger(terminal.stream)
    progress = started(logger, 4)
    log_jobs(logger, 0)
    logger.error(ERROR)
    before, _, after = terminal.read().partition(ERROR)
    # The bar is overwritten before the error, and drawn again on the next line.
    assert before.split("\r")[-1].replace("\x1b[31m", "").strip() == ""
    assert "\n" in after
    assert "Tier small: 1 of 4 jobs" in after
    progress.stop(logger)
    logger.info("Complete log(s)")
    assert terminal.read().splitlines()[-1].count("Complete log(s)") == 1


def test_a_dumb_terminal_gets_lines_without_control_characters(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    logger = snakemake_logger(terminal.stream)
    progress = started(logger, 40)
    log_jobs(logger, *range(39))
    logger.error(ERROR)
    lines = terminal.read().split("\r\n")
    progress.stop(logger)
    assert lines[0].startswith("Tier small: 2 of 40 jobs, about ")
    assert lines[-2:] == [ERROR, ""]
    assert len(lines) == 19 + 2
    assert all(line.isprintable() for line in lines)


def test_snakemake_writes_as_before_where_there_is_no_terminal() -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as stream:
        logger = snakemake_logger(stream)
        handlers = list(logger.handlers)
        jobs = {0: TimedJob("run", 60.0)}
        assert run_progress.start(logger, "Tier small", jobs, cores=1) is None
        assert logger.handlers == handlers
