"""Sizes of a job: one that cannot fit into memory is refused before anything is allocated."""

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import numpy as np
import psutil

from dirgrad.components.estimators.projected_forward_gradient import ProjectedForwardGradient
from dirgrad.config.plan import Job
from dirgrad.core.errors import UserError
from dirgrad.core.types import Problem

LARGE_DRAW = 10**6
"""Entries of a draw above which its values are not needed to know its shape."""
TRIAL_BYTES = 500
"""Least memory of the row of a trial or of an estimate, in bytes."""
ROW_NUMBER_BYTES = 4
GIBIBYTE = 2**30


class Size(NamedTuple):
    """A part of a job that is in memory at once.

    Attributes:
        what: The part in words.
        num_bytes: Its least size in bytes.
    """

    what: str
    num_bytes: int


def require_fits(job: Job, available: int | None = None) -> None:
    """Check that no part of a job is larger than the memory of this machine.

    The sizes are lower bounds, so a job that passes may still need too much.

    Args:
        job: The job.
        available: Memory in bytes; None means the memory of this machine.

    Raises:
        UserError: A part is too large. The message says how large it is.
    """
    limit = psutil.virtual_memory().total if available is None else available
    for what, num_bytes in _sizes(job):
        if num_bytes > limit:
            raise UserError(
                f"{job.path}: {what} take at least {num_bytes / GIBIBYTE:,.0f} GiB, and this "
                f"machine has {limit / GIBIBYTE:,.0f} GiB: use smaller numbers"
            )


def _sizes(job: Job) -> Iterator[Size]:
    settings, itemsize = job.settings, np.dtype(job.run.precision).itemsize
    lanes = 1
    if job.kind == "training":
        num_trials = settings.num_trials
        lanes = num_trials if settings.lanes == "all" else min(settings.lanes, num_trials)
        yield Size(f"{num_trials:,} trials per estimator", num_trials * TRIAL_BYTES)
        if settings.problem.dataset:
            entries = lanes * settings.steps * settings.batch_size
            what = f"the minibatches of {lanes:,} trials with {settings.steps:,} steps"
            yield Size(what, entries * ROW_NUMBER_BYTES)
    if job.kind == "quality":
        draws = settings.draws * settings.minibatches
        yield Size(f"{draws:,} draws per estimator", draws * TRIAL_BYTES)
    for problem in job.problems:
        d = num_parameters(problem)
        yield Size(f"{d:,} parameters of {lanes:,} trials", lanes * d * itemsize)
        for name, estimator in job.estimators.items():
            k = estimator.num_directions
            # The projection keeps its directions, and every estimator a slope per direction.
            kept = d if isinstance(estimator, ProjectedForwardGradient) else 1
            yield Size(f"{k:,} directions of '{name}'", lanes * k * kept * itemsize)


class _Shapes(np.random.Generator):
    """A generator whose large draws have the right shape and take no memory."""

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return _zeros(size) if _is_large(size) else super().uniform(low, high, size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        return _zeros(size) if _is_large(size) else super().normal(loc, scale, size)

    def standard_normal(self, size: Any = None, *args: Any, **options: Any) -> Any:
        return _zeros(size) if _is_large(size) else super().standard_normal(size, *args, **options)


def _is_large(size: Any) -> bool:
    num_entries: int = prod(np.atleast_1d(1 if size is None else size).tolist())
    return num_entries > LARGE_DRAW


def _zeros(shape: Any) -> np.ndarray:
    return np.broadcast_to(0.0, shape)


def num_parameters(problem: Problem) -> int:
    """Return the number of parameters of a problem, which are not drawn if they are many."""
    declared = getattr(problem, "dimension", None)
    if declared is not None:
        return int(declared)
    params = problem.init(_Shapes(np.random.PCG64(0)))
    return sum(prod(array.shape) for array in params.values())
