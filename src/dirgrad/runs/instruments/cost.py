"""The time of a gradient estimate and of a whole step beside the function alone, everything in turn, round by round.

The function is timed twice, as `forward` and as `forward_again`: how far the two differ is what the machine's noise is. What
gives a wrong answer, or none, is not timed: its row says so.
"""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, NamedTuple

import pyarrow as pa

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.config.plan import Measurement
from dirgrad.core.recurrent import Recurrent
from dirgrad.core.types import Backend, Compiled, Params
from dirgrad.records import machine_load
from dirgrad.records.files import to_table
from dirgrad.records.schemas import COST, Answer
from dirgrad.runs.instruments import expected_snr, oracle, programs
from dirgrad.runs.instruments.programs import Program
from dirgrad.runs.instruments.workload import (
    Workload,
    estimator_columns,
    gradient,
    random_key,
    workloads,
)


class Timed(NamedTuple):
    """Something that is timed. facts: the columns that name it. calls: how many fill a round."""

    facts: dict[str, Any]
    part: Program
    compiled: Compiled
    call: Callable[[], Any]
    calls: int


def run(made: Measurement, backend: Backend) -> dict[str, pa.Table]:
    """`cost`: a row per problem, estimator, part and round. Raises UserError where the framework loses tangents."""
    oracle.require_tangents(backend)
    rows: list[dict[str, Any]] = []
    for about in workloads(made, backend):
        same = {
            "cost": made.name,
            "backend": made.backend,
            "precision": made.run.precision,
            "threads": made.run.threads,
        }
        same |= about.columns() | _counted(backend, about) | {"compiled": made.settings.compiled}
        clocked, refused = _prepare_all(made, backend, about)
        begun = machine_load.mark()
        timed = list(_timed(made, clocked))
        same |= {"other_cpu_fraction": machine_load.other_cpu_fraction(begun)}
        rows += (same | row for row in (*refused, *timed))
    return {"cost": to_table(rows, COST)}


def _counted(backend: Backend, about: Workload) -> dict[str, int]:
    """What is counted once: the bytes of what is met along a sequence, the products that derivatives add to the function's."""
    alone, reverse = (
        programs.forward(about),
        next(programs.estimate_and_step(backend, about, Backprop())),
    )
    forward, both = (
        backend.engine.eager(one.build(backend.ops), one.arguments).counts
        for one in (alone, reverse)
    )
    found = {"derivative_product_flops": both["product_flops"] - forward["product_flops"]}
    if isinstance(about.problem, Recurrent):
        found["observation_bytes"] = sum(
            leaf.nbytes for leaf in about.problem.observations(backend.ops, about.batch)
        )
    return found


def _prepare_all(
    made: Measurement, backend: Backend, about: Workload
) -> tuple[list[Timed], list[dict[str, Any]]]:
    """What is timed, and the rows of what is not."""
    ready = programs.compile if made.settings.compiled else programs.eager

    def clocked(facts: dict[str, Any], part: Program) -> Timed:
        prepared, call = ready(backend, part)
        first = _seconds(call)
        counts = prepared.counts | backend.engine.saved_bytes(part.build, part.arguments)
        told = {
            "part": part.name,
            "status": Answer.OK,
            "compile_seconds": prepared.compile_seconds,
            "first_seconds": first,
        }
        return Timed(
            facts | told | counts, part, prepared, call, _calls(call, made.settings.round_seconds)
        )

    alone = clocked({}, programs.forward(about))
    exact = {
        name: backend.engine.to_numpy(leaf) for name, leaf in _gradient(backend, about).items()
    }
    taken, refused = [alone, alone._replace(facts=alone.facts | {"part": "forward_again"})], []
    for name, estimator in made.estimators.items():
        facts: dict[str, Any] = {
            "estimator": name,
            **estimator_columns(estimator),
            "evaluations": estimator.evaluations,
        }
        facts |= {"signal_to_noise_theory": expected_snr.signal_to_noise(estimator, exact)}
        try:
            mine = [
                clocked(facts, part)
                for part in programs.estimate_and_step(backend, about, estimator)
            ]
            if made.settings.pieces:
                mine += [
                    clocked(facts, part) for part in programs.step_parts(backend, about, estimator)
                ]
        except NotImplementedError as error:
            refused.append(
                facts | {"status": Answer.UNSUPPORTED, "reason": " ".join(str(error).split())}
            )
            continue
        reason = oracle.mismatch(backend, about, estimator, mine[0].part, mine[0].compiled)
        if reason:
            refused.append(facts | {"status": Answer.WRONG, "reason": reason})
        else:
            taken += mine
    return taken, refused


def _gradient(backend: Backend, about: Workload) -> Params:
    return gradient(backend.ops, about.problem, Backprop())(
        random_key(backend, 0), about.params, about.batch
    )


def _timed(made: Measurement, clocked: list[Timed]) -> Iterator[dict[str, Any]]:
    for turn in range(made.settings.rounds):
        for one in clocked:
            begun = perf_counter()
            for _ in range(one.calls):
                one.call()
            seconds = (perf_counter() - begun) / one.calls
            yield one.facts | {"round": turn, "calls": one.calls, "seconds": seconds}


def _calls(call: Callable[[], Any], round_seconds: float) -> int:
    """How many calls fill a round, by the second call."""
    return max(1, round(round_seconds / _seconds(call)))


def _seconds(call: Callable[[], Any]) -> float:
    begun = perf_counter()
    call()
    return perf_counter() - begun
