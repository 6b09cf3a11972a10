"""The time of a gradient estimate and of a whole step beside the function alone, everything in turn, round by round.

The function is timed twice, as `forward` and as `forward_again`: how far the two differ is what the machine's noise is.
"""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from dirgrad import steps
from dirgrad.optimizers.sgd import Sgd
from dirgrad.plan import Measurement
from dirgrad.records import COST, table
from dirgrad.recurrent import Online, Recurrent
from dirgrad.runs.subject import Subject, described, gradient, key, loss, subjects
from dirgrad.types import Backend, Estimator, Prepared, Trial

Call: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments."""


class Part(NamedTuple):
    """Something that is timed. facts: the columns that name it."""

    facts: dict[str, Any]
    prepared: Prepared
    arguments: tuple[Any, ...]


def run(made: Measurement, backend: Backend) -> dict[str, pa.Table]:
    """`cost`: a row per problem, estimator, part (forward, forward_again, gradient, step) and round."""
    rows: list[dict[str, Any]] = []
    for subject in subjects(made, backend):
        rows += _timed(made, subject, _parts(made, backend, subject), _observed(backend, subject))
    return {"cost": table(rows, COST)}


def _parts(made: Measurement, backend: Backend, subject: Subject) -> list[Part]:
    forward = loss(backend, subject.problem)
    arguments = (subject.params, subject.batch)
    alone = backend.engine.prepare(forward, arguments)
    parts = [Part({"part": name}, alone, arguments) for name in ("forward", "forward_again")]
    for name, estimator in made.estimators.items():
        facts = {"estimator": name, **described(estimator)}
        for part, (f, example) in _whole(backend, subject, estimator, made.run.precision).items():
            parts.append(Part(facts | {"part": part}, backend.engine.prepare(f, example), example))
    return parts


def _whole(backend: Backend, subject: Subject, estimator: Estimator | Online, precision: str) -> dict[str, Call]:
    """The functions timed of an estimator, each with its arguments. The step is one of SGD."""
    ops, one = backend.ops, key(backend, 0)
    rate = ops.asarray(np.array(1e-6, precision))
    step = steps.make(ops, subject.problem, estimator, Sgd(), 0.0)
    return {
        "gradient": (gradient(backend, subject.problem, estimator), (one, subject.params, subject.batch)),
        "step": (step, (steps.begin(ops, estimator, Sgd(), subject.params), Trial(one, rate), ops.counter(1)[0], subject.batch)),
    }


def _observed(backend: Backend, subject: Subject) -> dict[str, int]:
    """The bytes of what is met along a sequence, where there is one."""
    if not isinstance(subject.problem, Recurrent):
        return {}
    return {"observation_bytes": sum(leaf.nbytes for leaf in subject.problem.observations(backend.ops, subject.batch))}


def _timed(made: Measurement, subject: Subject, parts: list[Part], observed: dict[str, int]) -> Iterator[dict[str, Any]]:
    calls = [_calls(part, made.settings.round_seconds) for part in parts]
    same = observed | {"cost": made.name, "backend": made.backend, "precision": made.run.precision, "threads": made.run.threads}
    for turn in range(made.settings.rounds):
        for part, count in zip(parts, calls, strict=True):
            begun = perf_counter()
            for _ in range(count):
                part.prepared.call(*part.arguments)
            seconds = (perf_counter() - begun) / count
            compiled = {"compile_seconds": part.prepared.compile_seconds} | part.prepared.bytes
            yield same | subject.facts() | part.facts | compiled | {"round": turn, "calls": count, "seconds": seconds}


def _calls(part: Part, round_seconds: float) -> int:
    """How many calls fill a round; the first call, which warms up, is not counted."""
    part.prepared.call(*part.arguments)
    begun = perf_counter()
    part.prepared.call(*part.arguments)
    return max(1, round(round_seconds / (perf_counter() - begun)))
