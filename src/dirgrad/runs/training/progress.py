"""Where a long run is: a bar on a terminal, a line every few seconds in a log."""

import sys
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import TextIO, TypeAlias

from tqdm import tqdm

LINE_SECONDS = 5.0

Report: TypeAlias = Callable[[int, str, int, float], None]
"""(steps done since the last report, over all trials; which trials; the step they stand at; their mean loss)."""


def reporter(
    label: str, total_steps: int, stream: TextIO | None = None, line_seconds: float = LINE_SECONDS
) -> Report:
    """A report to `stream` (standard error if None), for a run of so many steps over all its trials."""
    stream = stream or sys.stderr
    return (_bar if stream.isatty() else _lines)(label, total_steps, stream, line_seconds)


def silent(steps: int, trials: str, step: int, loss: float) -> None:
    """A report to nobody."""


def _bar(label: str, total_steps: int, stream: TextIO, line_seconds: float) -> Report:
    bar = tqdm(total=total_steps, desc=label, unit="step", file=stream, dynamic_ncols=True)

    def report(steps: int, trials: str, step: int, loss: float) -> None:
        bar.set_postfix_str(f"{trials}, step {step}, loss {loss:.4g}", refresh=False)
        bar.update(steps)
        if bar.n >= total_steps:
            bar.close()

    return report


def _lines(label: str, total_steps: int, stream: TextIO, line_seconds: float) -> Report:
    begun = monotonic()
    done, next_line = 0, begun + line_seconds

    def report(steps: int, trials: str, step: int, loss: float) -> None:
        nonlocal done, next_line
        done += steps
        now = monotonic()
        if now < next_line and done < total_steps:
            return
        next_line = now + line_seconds
        left = timedelta(seconds=round((now - begun) * (total_steps - done) / done))
        share = f"{done / total_steps:4.0%}"
        print(
            f"{label}: {share}, {trials}, step {step}, loss {loss:.4g}, {left} left",
            file=stream,
            flush=True,
        )

    return report
