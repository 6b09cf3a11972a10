"""Everything that a job gets besides its settings."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from dirgrad.core.types import Backend
from dirgrad.runs.training.progress import Progress, silent_reporter

Probe: TypeAlias = Callable[..., list[str]]
"""Function (problem, batch size, estimator[, seconds]) -> command that measures in a new process.

The command prints the memory of one step as JSON or, if `seconds` is given, takes steps for that
long and prints when they began and ended.
"""


def _no_probe(*_workload: Any) -> list[str]:
    raise RuntimeError("this context has no command that measures in a new process")


class Context(NamedTuple):
    """The surroundings of a job.

    Attributes:
        backend: Framework of the job.
        reporter: Function (name of the job, number of its steps) -> progress of the job.
        probe: Command of a memory probe; other kinds of jobs do not use it.
    """

    backend: Backend
    reporter: Callable[[str, int], Progress] = silent_reporter
    probe: Probe = _no_probe
