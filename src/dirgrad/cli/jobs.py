"""Commands that train and measure."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from dirgrad.components import registry
from dirgrad.config import code_inputs, plan, validation
from dirgrad.config.settings import JOB_KINDS
from dirgrad.core.errors import UserError, nearest
from dirgrad.records import files
from dirgrad.records.damage import require_writable

if TYPE_CHECKING:
    import pyarrow as pa

    from dirgrad.core.types import Backend

# Each command imports the frameworks only when it runs, so that all other commands start fast.


def jobs(args: argparse.Namespace) -> None:
    """Print the jobs of a configuration, one per line, as `dirgrad run` expects them."""
    config = validation.load(args.config, args.override)
    print("\n".join(plan.jobs(config)))


def run(args: argparse.Namespace) -> None:
    """Carry out one job, given as kind/name/backend; OUT is a directory for its records."""
    begin = datetime.now(UTC)
    job = _job(args)
    require_writable(args.out)

    from dirgrad.runs.sizes import require_fits

    require_fits(job)
    backend = _backend(job)
    if job.kind != "memory":
        # A missing device is an error before the job begins. Forks need a framework without one.
        backend.engine.environment()

    from dirgrad.records import provenance
    from dirgrad.runs.context import Context
    from dirgrad.runs.instruments import forked
    from dirgrad.runs.training.progress import reporter

    stepping_command = partial(_stepping_command, args, job.run.threads)
    instrument = import_module(JOB_KINDS[job.kind].module)
    records = instrument.run(job, Context(backend, reporter, forked.measure, stepping_command))
    settings, environment = code_inputs.recorded_settings(job), backend.engine.environment()
    facts = provenance.collect(settings, environment, begin)
    for name, rows in records.items():
        path = args.out / f"{name}.parquet"
        files.write_records(rows, facts, path)
        print(f"wrote {path}: {_contents(rows)}", file=sys.stderr)


def _contents(rows: "pa.Table") -> str:
    """Return the number of rows of records, and how many have each status."""
    if "status" not in rows.column_names:
        return f"{rows.num_rows} rows"
    statuses = Counter(rows.column("status").to_pylist())
    counts = ", ".join(f"{count} {status}" for status, count in statuses.items())
    return f"{rows.num_rows} rows ({counts})"


def _job(args: argparse.Namespace) -> plan.Job:
    """Return the job of the command line, with the number of threads that it asks for."""
    job = plan.job(validation.load(args.config, args.override), args.job)
    if not args.threads:
        return job
    return replace(job, run=job.run.model_copy(update={"threads": args.threads}))


def _backend(job: plan.Job) -> "Backend":
    from dirgrad import backends

    run = job.run
    torch_compile = run.torch_compile and job.may_torch_compile
    return backends.load(job.backend, run.threads, run.precision, run.optimize, torch_compile)


def _stepping_command(
    args: argparse.Namespace,
    threads: int,
    problem: str,
    batch_size: int,
    estimator: str,
    seconds: float,
) -> list[str]:
    """Return the command line of `take_steps` in a new process."""
    workload = [args.job, problem, str(batch_size), estimator]
    config = ["--config", *map(str, args.config), "--override", json.dumps(args.override)]
    options = ["--seconds", str(seconds), *config, "--threads", str(threads)]
    return [sys.executable, "-P", "-m", "dirgrad", "take-steps", *workload, *options]


def take_steps(args: argparse.Namespace) -> None:
    """Take steps while another process samples the memory; print their begin and end as JSON.

    The job is given as memory/name/backend, followed by one of its problems, minibatch sizes and
    estimators.
    """
    job = _job(args)
    if job.kind != "memory":
        raise UserError(f"{args.job}: expected a job of the kind memory, not {job.kind}")
    _require_member(job, "problem", args.problem, job.settings.problems)
    _require_member(job, "batch size", args.batch_size, map(str, job.settings.batch_sizes))
    _require_member(job, "estimator", args.estimator, job.estimators)
    backend = _backend(job)

    from dirgrad.runs.instruments import memory

    workload = (job, backend, args.problem, int(args.batch_size), args.estimator)
    print(json.dumps(memory.step_for(*workload, args.seconds)))


def _require_member(job: plan.Job, noun: str, name: str, members: Iterable[str]) -> None:
    """Raise UserError if a job does not have a problem, a batch size or an estimator."""
    members = [*members]
    if name not in members:
        raise UserError(f"{job.path}: no {noun} '{name}': {nearest(name, members)}")


def landscape(args: argparse.Namespace) -> None:
    """Evaluate the losses of two-parameter problems on a grid, with the first backend."""
    config = validation.load(args.config, args.override)
    problems = plan.two_parameter_problems(config)
    facts = {name: registry.to_plain(problem) for name, problem in problems.items()}

    from dirgrad import backends
    from dirgrad.runs.instruments import landscape

    rows, provenance = landscape.run(problems, backends.load(config.backends[0]), facts)
    files.write_records(rows, provenance, args.out)


def data(args: argparse.Namespace) -> None:
    """Download a data set if necessary, verify it, and write a receipt to OUT."""
    config = validation.load(args.config, args.override)
    names = registry.names("datasets")
    if args.dataset not in names:
        raise UserError(f"unknown dataset '{args.dataset}': {nearest(args.dataset, names)}")
    splits = registry.parse("datasets", args.dataset).load(config.run.data_directory)
    sizes = {name: len(arrays[0]) for name, arrays in splits._asdict().items()}
    receipt = json.dumps({"dataset": args.dataset, **sizes}) + "\n"
    files.write_atomically(args.out, lambda part: part.write_text(receipt, encoding="utf-8"))
