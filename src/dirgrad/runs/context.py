"""Everything that a job gets besides its settings."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from dirgrad.core.types import Backend
from dirgrad.runs.training.progress import Progress, silent_reporter

Probe: TypeAlias = Callable[[Callable[[], dict[str, Any]]], dict[str, Any]]
"""Function that carries out a measurement in a new process and returns its row."""
SteppingCommand: TypeAlias = Callable[[str, int, str, float], list[str]]
"""Function (problem, batch size, estimator, seconds) -> command that takes steps for that long.

The command prints when the steps began and ended, as JSON.
"""


def _no_process(*_arguments: Any) -> Any:
    raise RuntimeError("this context has no way to measure in a new process")


class Context(NamedTuple):
    """The surroundings of a job.

    Attributes:
        backend: Framework of the job.
        reporter: Function (name of the job, number of its steps) -> progress of the job.
        probe: Measures memory in a new process; other kinds of jobs do not use it.
        stepping_command: Command of a process whose memory is sampled, likewise.
    """

    backend: Backend
    reporter: Callable[[str, int], Progress] = silent_reporter
    probe: Probe = _no_process
    stepping_command: SteppingCommand = _no_process
