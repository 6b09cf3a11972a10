"""Progress of a long run: a bar on a terminal, a line every few seconds in a log."""

import sys
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import NamedTuple, TextIO, TypeAlias

from tqdm import tqdm

LINE_SECONDS = 5.0
"""Seconds between two lines in a log."""

Report: TypeAlias = Callable[[int, str, int, float], None]
"""Function that reports progress.

Its arguments are the number of steps since the last report (summed over trials), the name of
the trials, the step they have reached, and their mean loss.
"""


class Progress(NamedTuple):
    """Progress of one run.

    Attributes:
        report: reports the steps that were taken.
        expect: adds a number of steps, summed over trials, to the steps of the run.
    """

    report: Report
    expect: Callable[[int], None]


def reporter(
    label: str, total_steps: int, stream: TextIO | None = None, line_seconds: float = LINE_SECONDS
) -> Progress:
    """Return progress that is written to `stream`, or to standard error if it is None.

    Args:
        label: name of the run, printed first.
        total_steps: number of steps of the run that are known in advance, summed over its trials.
        stream: output; a terminal gets a bar, anything else gets lines.
        line_seconds: minimum number of seconds between two lines.
    """
    stream = stream or sys.stderr
    if stream.isatty():
        return _bar(label, total_steps, stream)
    return _lines(label, total_steps, stream, line_seconds)


SILENT = Progress(lambda steps, trials, step, loss: None, lambda steps: None)
"""Progress that is written nowhere."""


def silent_reporter(label: str, total_steps: int) -> Progress:
    """Return progress that is written nowhere."""
    return SILENT


def _bar(label: str, total_steps: int, stream: TextIO) -> Progress:
    bar = tqdm(total=total_steps, desc=label, unit="step", file=stream, dynamic_ncols=True)

    def report(steps: int, trials: str, step: int, loss: float) -> None:
        bar.set_postfix_str(f"{trials}, step {step}, loss {loss:.4g}", refresh=False)
        bar.update(steps)
        if bar.n >= bar.total:
            bar.close()

    def expect(steps: int) -> None:
        bar.total += steps

    return Progress(report, expect)


def _lines(label: str, total_steps: int, stream: TextIO, line_seconds: float) -> Progress:
    started = monotonic()
    steps_done = 0
    next_line = started + line_seconds

    def report(steps: int, trials: str, step: int, loss: float) -> None:
        nonlocal steps_done, next_line
        steps_done += steps
        time = monotonic()
        if time < next_line and steps_done < total_steps:
            return
        next_line = time + line_seconds
        seconds_left = (time - started) * (total_steps - steps_done) / steps_done
        left = timedelta(seconds=round(seconds_left))
        percent = f"{steps_done / total_steps:4.0%}"
        line = f"{label}: {percent}, {trials}, step {step}, loss {loss:.4g}, {left} left"
        print(line, file=stream, flush=True)

    def expect(steps: int) -> None:
        nonlocal total_steps
        total_steps += steps

    return Progress(report, expect)
