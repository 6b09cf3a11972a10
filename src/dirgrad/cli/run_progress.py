"""Progress of a run on a terminal, in place of Snakemake's ten lines for each job.

The workflow passes the logger of Snakemake, whose records say which jobs start and end. All other
messages are in Snakemake's own log file.
"""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from time import monotonic
from typing import Any, TextIO

from dirgrad.config.time_left import TimedJob, sentence, time_left

REFRESH_SECONDS = 2.0
"""Seconds after which the bar is drawn again while no job starts or ends."""
LINE_PERCENT = 5
"""Percent of the jobs between two lines where no bar is drawn."""
STREAM_HANDLER = "DefaultStreamHandler"
"""Name of the handler by which Snakemake writes to the terminal, unless a plugin does."""


class RunProgress(logging.Handler):
    """Shows a bar for all jobs, and below it only warnings and errors.

    It takes the place of Snakemake's handler, which still writes the warnings and errors.
    """

    def __init__(
        self,
        stream_handler: "logging.StreamHandler[TextIO]",
        label: str,
        jobs: Mapping[int, TimedJob],
        cores: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(stream_handler.level)
        self.stream_handler = stream_handler
        self.jobs = jobs
        self.cores = cores
        self.clock = clock
        self.ended = threading.Event()
        # The Python that runs Snakemake need not have the libraries of the jobs.
        has_bar = os.environ.get("TERM") != "dumb" and find_spec("tqdm") is not None
        display = Bar if has_bar else Lines
        self.display = display(label, len(jobs), stream_handler.stream)

    def start(self, logger: logging.Logger) -> None:
        """Take the place of Snakemake's handler."""
        logger.removeHandler(self.stream_handler)
        logger.addHandler(self)
        self.show()
        # A daemon does not keep a process from ending, for example after Ctrl-C.
        threading.Thread(target=self._refresh, daemon=True).start()

    def stop(self, logger: logging.Logger) -> None:
        """Give its place back to Snakemake's handler."""
        self._end()
        logger.removeHandler(self)
        logger.addHandler(self.stream_handler)

    def emit(self, record: logging.LogRecord) -> None:
        """Count a started or finished job, and write a warning or an error above the bar."""
        try:
            if record.levelno >= logging.WARNING:
                with self.display.interrupted():
                    self.stream_handler.handle(record)
            elif self._count(str(getattr(record, "event", "")), record):
                self.show()
        except Exception:
            self.handleError(record)

    def _count(self, event: str, record: Any) -> bool:
        """Note the time at which jobs started or finished; return whether some did."""
        time = self.clock()
        if event == "job_started":
            for job in filter(None, map(self.jobs.get, record.jobs)):
                job.started = time
        elif event == "job_finished" and record.job_id in self.jobs:
            self.jobs[record.job_id].finished = time
        else:
            return False
        return True

    def show(self) -> None:
        """Draw the progress at this moment."""
        num_finished = sum(job.finished is not None for job in self.jobs.values())
        left = time_left(self.jobs.values(), self.clock(), self.cores)
        done = num_finished == len(self.jobs)
        self.display.show(num_finished, "" if done else sentence(left))

    def _refresh(self) -> None:
        while not self.ended.wait(REFRESH_SECONDS):
            with self.lock or threading.RLock():
                if not self.ended.is_set():
                    self.show()

    def _end(self) -> None:
        if not self.ended.is_set():
            self.ended.set()
            self.display.close()

    def close(self) -> None:
        """End the bar; Snakemake closes all handlers at the end of a run."""
        self._end()
        self.stream_handler.close()
        super().close()


class Bar:
    """A bar that is drawn over itself."""

    def __init__(self, label: str, total: int, stream: TextIO) -> None:
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # no thread of tqdm; the bar is drawn again anyway
        layout = "{desc}: {n_fmt} of {total_fmt} jobs{postfix} |{bar:12}|"
        self.bar = tqdm(total=total, desc=label, file=stream, dynamic_ncols=True, bar_format=layout)

    def show(self, num_finished: int, left: str) -> None:
        """Draw the bar."""
        self.bar.n = num_finished
        self.bar.set_postfix_str(left, refresh=True)

    def interrupted(self) -> AbstractContextManager[None]:
        """Return a context in which other text is written."""
        context: AbstractContextManager[None] = self.bar.external_write_mode(file=self.bar.fp)
        return context

    def close(self) -> None:
        """Leave the bar as it is, and go to the next line."""
        self.bar.close()


class Lines:
    """A line every few percent, without control characters."""

    def __init__(self, label: str, total: int, stream: TextIO) -> None:
        self.label = label
        self.total = total
        self.stream = stream
        self.next_percent = LINE_PERCENT

    def show(self, num_finished: int, left: str) -> None:
        """Write a line if enough jobs have finished since the last one."""
        percent = 100 * num_finished // self.total
        if percent >= self.next_percent:
            self.next_percent = percent - percent % LINE_PERCENT + LINE_PERCENT
            text = ", ".join(filter(None, [f"{num_finished} of {self.total} jobs", left]))
            self.stream.write(f"{self.label}: {text}\n")
            self.stream.flush()

    def interrupted(self) -> AbstractContextManager[None]:
        """Return a context in which other text is written."""
        return nullcontext()

    def close(self) -> None:
        """Write nothing."""


def start(
    logger: logging.Logger, label: str, jobs: Mapping[int, TimedJob], cores: int
) -> RunProgress | None:
    """Show the progress of a run if Snakemake's messages go to a terminal.

    Args:
        logger: Logger of Snakemake.
        label: Name of the run.
        jobs: Jobs of the run by their number in Snakemake.
        cores: Largest number of jobs that run side by side.

    Returns:
        The progress, or None if the messages go elsewhere or are written by a plugin.
    """
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler) and handler.name == STREAM_HANDLER:
            if not handler.stream.isatty():
                return None
            progress = RunProgress(handler, label, jobs, cores)
            progress.start(logger)
            return progress
    return None
