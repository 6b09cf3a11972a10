"""Time of a gradient estimate and of a step, compared with the loss.

All programs take turns in every round. The loss is timed twice, as `forward` and
`forward_again`: the difference between both shows the timing noise. A program that gives a wrong
result or is not supported gets a row with that status and is not timed.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import nan
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.config.plan import Job
from dirgrad.core import closed_forms
from dirgrad.core.directions import GroupDirection
from dirgrad.core.errors import ExplainedShortage
from dirgrad.core.recurrent import Recurrent
from dirgrad.core.types import Backend, Compiled, Estimator, Params
from dirgrad.records import energy, machine_load
from dirgrad.records.files import to_table
from dirgrad.records.measurement_schemas import COST
from dirgrad.records.provenance import device_name
from dirgrad.records.schemas import MeasurementStatus
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import oracle, outcomes, programs, turns
from dirgrad.runs.instruments.programs import Program
from dirgrad.runs.instruments.workload import (
    Workload,
    estimator_columns,
    exact_gradient,
    gradient_shares,
    workloads,
)

Row: TypeAlias = dict[str, Any]
CompiledProgram: TypeAlias = tuple[Program, programs.Prepared]


class Timed(NamedTuple):
    """A program to time.

    Attributes:
        columns: columns that describe the program in its rows.
        program: the program.
        compiled: the program, compiled or eager.
        call: runs the program once.
        num_calls: number of calls in a round.
    """

    columns: Row
    program: Program
    compiled: Compiled
    call: Callable[[], Any]
    num_calls: int


def run(job: Job, context: Context) -> dict[str, pa.Table]:
    """Time all programs; return `cost`, a row per problem, estimator, part of a step and round.

    Raises:
        UserError: the framework loses tangents, or a data set is not available.
    """
    oracle.require_tangents(context.backend)
    rows: list[Row] = []
    for workload in workloads(job, context.backend):
        rows += _rows(job, context.backend, workload)
    return {"cost": to_table(rows, COST)}


def _rows(job: Job, backend: Backend, workload: Workload) -> list[Row]:
    """Return the rows of a workload; all are not supported if its loss or its gradient is not."""
    try:
        with ExplainedShortage():
            return _timed_rows(job, backend, workload)
    except NotImplementedError as error:
        shared = _shared_columns(job, workload) | outcomes.unsupported(error)
        return [
            shared | {"estimator": name, **estimator_columns(estimator)}
            for name, estimator in job.estimators.items()
        ]


def _shared_columns(job: Job, workload: Workload) -> Row:
    """Return the columns that are equal in all rows of a workload, timed or not."""
    return {
        "cost": job.name,
        "backend": job.backend,
        "precision": job.run.precision,
        "threads": job.run.threads,
        "compiled": job.settings.compiled,
        **workload.columns(),
    }


def _timed_rows(job: Job, backend: Backend, workload: Workload) -> list[Row]:
    forward_flops, derivative_flops = _product_counts(backend, workload)
    device = device_name(backend.engine.environment())
    meter = energy.meter(device)
    shared = {
        **_shared_columns(job, workload),
        **_observation_bytes(backend, workload),
        "derivative_product_flops": derivative_flops,
        "device": device,
        "energy_source": meter.source,
    }
    all_timed, refused = _prepare_all(job, backend, workload, forward_flops, derivative_flops)
    started = machine_load.read_counters()
    times = list(_time_in_turns(all_timed, job.settings.rounds, meter))
    shared["other_cpu_fraction"] = machine_load.other_cpu_fraction(started)
    return [shared | row for row in (*refused, *times)]


def _product_counts(backend: Backend, workload: Workload) -> tuple[int, int]:
    """Return the product flops of the loss, and those that a derivative adds."""
    forward = programs.forward(workload)
    backprop = next(programs.estimate_and_step(backend, workload, Backprop()))
    forward_flops = _product_flops(backend, forward)
    return forward_flops, _product_flops(backend, backprop) - forward_flops


def _observation_bytes(backend: Backend, workload: Workload) -> dict[str, int]:
    """Return the bytes of the observations along a sequence, {} for other problems."""
    problem = workload.problem
    if not isinstance(problem, Recurrent):
        return {}
    observations = problem.observations(backend.ops, workload.batch)
    return {"observation_bytes": sum(leaf.nbytes for leaf in observations)}


def _product_flops(backend: Backend, program: Program) -> int:
    compiled, _ = programs.eager(backend, program)
    return compiled.counts["product_flops"]


def _prepare_all(
    job: Job, backend: Backend, workload: Workload, forward_flops: int, derivative_flops: int
) -> tuple[list[Timed], list[Row]]:
    """Return the programs to time, and the rows of the estimators that cannot be timed.

    Args:
        job: The measurement.
        backend: The framework.
        workload: The problem and its minibatch.
        forward_flops: Product flops of the loss.
        derivative_flops: Product flops that a derivative adds.
    """
    forward = _prepare(job, backend, _compile(job, backend, programs.forward(workload)), {})
    forward_again = forward._replace(columns=forward.columns | {"part": "forward_again"})
    all_timed, refused = [forward, forward_again], []
    exact = exact_gradient(backend, workload)(workload)
    shares = gradient_shares({name: backend.engine.to_numpy(g) for name, g in exact.items()})
    compiled = _compile_all(job, backend, workload)
    for name, estimator in job.estimators.items():
        columns = {
            "estimator": name,
            **estimator_columns(estimator),
            "evaluations": estimator.evaluations,
            "signal_to_noise_theory": closed_forms.signal_to_noise(estimator, shares),
            "flop_bound_over_forward": _flop_bound(
                backend, workload, estimator, forward_flops, derivative_flops
            ),
        }
        timed, refusal = _prepare_estimator(
            job, backend, workload, estimator, compiled[name], columns, exact
        )
        if refusal:
            refused.append(columns | refusal)
        else:
            all_timed += timed
    return all_timed, refused


def _flop_bound(
    backend: Backend,
    workload: Workload,
    estimator: Estimator,
    forward_flops: int,
    derivative_flops: float,
) -> float:
    """Return the least product flops of an estimate, divided by the product flops of the loss."""
    law = estimator.direction
    if isinstance(law, GroupDirection):
        derivative_flops = _mean_group_flops(backend, workload, law) - forward_flops
    derivative = derivative_flops / forward_flops if forward_flops else nan
    return closed_forms.least_products(estimator, derivative)


def _mean_group_flops(backend: Backend, workload: Workload, law: GroupDirection) -> float:
    """Return the mean product flops of the loss with a derivative, NaN if the law does not fit."""
    try:
        groups = list(programs.group_derivatives(backend, workload, law))
    except NotImplementedError:
        return nan
    return sum(p * _product_flops(backend, program) for p, program in groups)


def _prepare_estimator(
    job: Job,
    backend: Backend,
    workload: Workload,
    estimator: Estimator,
    compiled: list[CompiledProgram] | NotImplementedError,
    columns: Row,
    exact: Params,
) -> tuple[list[Timed], Row]:
    """Return the programs of an estimator and {}, or its status and reason if it is not timed.

    `exact` is the gradient, which the estimates are compared with.
    """
    if isinstance(compiled, NotImplementedError):
        return [], outcomes.unsupported(compiled)
    try:
        with ExplainedShortage():
            timed = [_prepare(job, backend, program, columns) for program in compiled]
            estimate = timed[0]
            reason = oracle.mismatch(
                backend, workload, estimator, estimate.program, estimate.compiled, exact
            )
    except NotImplementedError as error:
        return [], outcomes.unsupported(error)
    if reason:
        return [], {"status": MeasurementStatus.WRONG, "reason": reason}
    return (timed if job.settings.estimate else timed[1:]), {}


def _programs(
    job: Job,
    backend: Backend,
    workload: Workload,
    estimator: Estimator,
) -> Iterator[Program]:
    indices = turns.step_indices(backend, workload, estimator)
    yield from programs.estimate_and_step(backend, workload, estimator, indices)
    if job.settings.timed_pieces:
        parts = programs.step_parts(backend, workload, estimator)
        yield from (part for part in parts if part.name in job.settings.timed_pieces)


def _compile_all(
    job: Job, backend: Backend, workload: Workload
) -> dict[str, list[CompiledProgram] | NotImplementedError]:
    """Compile the programs of each estimator, side by side where this takes less time.

    An estimator that is not supported has an error instead.
    """

    def compile_programs(estimator: Estimator) -> list[CompiledProgram] | NotImplementedError:
        try:
            with ExplainedShortage():
                parts = _programs(job, backend, workload, estimator)
                return [_compile(job, backend, program) for program in parts]
        except NotImplementedError as error:
            return error

    num_threads = backend.engine.compile_threads()
    estimators = job.estimators.values()
    if num_threads == 1:
        return dict(zip(job.estimators, map(compile_programs, estimators), strict=True))
    with ThreadPoolExecutor(num_threads) as pool:
        return dict(zip(job.estimators, pool.map(compile_programs, estimators), strict=True))


def _compile(job: Job, backend: Backend, program: Program) -> CompiledProgram:
    prepare = programs.compile if job.settings.compiled else programs.eager
    return program, prepare(backend, program)


def _prepare(job: Job, backend: Backend, compiled_program: CompiledProgram, columns: Row) -> Timed:
    """Call a program twice: for its first time, and for its calls in a round."""
    settings = job.settings
    program, (compiled, call) = compiled_program
    first_seconds = _seconds(call)
    saved_bytes = backend.engine.saved_bytes(program.build, program.arguments)
    columns = {
        **columns,
        **outcomes.OK,
        "part": program.name,
        "compile_seconds": compiled.compile_seconds,
        "first_seconds": first_seconds,
        **compiled.counts,
        **saved_bytes,
    }
    num_calls = programs.calls_in_round(program, settings.round_seconds / _seconds(call))
    return Timed(columns, program, compiled, call, num_calls)


def _time_in_turns(all_timed: list[Timed], rounds: int, meter: energy.Meter) -> Iterator[Row]:
    for round_number in range(rounds):
        for timed in all_timed:
            counters = meter.read()
            started = perf_counter()
            for _ in range(timed.num_calls):
                timed.call()
            seconds = perf_counter() - started
            joules = energy.joules_since(meter, counters)
            yield timed.columns | {
                "round": round_number,
                "calls": timed.num_calls,
                "seconds": seconds / timed.num_calls,
                "joules": None if joules is None else joules / timed.num_calls,
            }


def _seconds(call: Callable[[], Any]) -> float:
    started = perf_counter()
    call()
    return perf_counter() - started
