"""Commands that train and measure."""

import argparse
import json
import sys
from functools import partial
from importlib import import_module

from dirgrad.config import plan, validation
from dirgrad.core.errors import UserError, nearest
from dirgrad.records import files

# Each command imports the frameworks only when it runs, so that all other commands start fast.


def cells(args: argparse.Namespace) -> None:
    """Print the cells of a configuration, one per line, as `dirgrad run` expects them."""
    raw = validation.load(args.config, args.override)
    print("\n".join(plan.cells(raw)))


def run(args: argparse.Namespace) -> None:
    """Train all trials of one cell, given as experiment/backend; OUT is a directory."""
    raw = validation.load(args.config, args.override)
    cell = plan.cell(raw, args.cell)
    settings = plan.cell_settings(raw, args.cell)
    if args.threads:
        cell.run.threads = args.threads

    from dirgrad import backends
    from dirgrad.runs.training import progress, train, trials

    backend = backends.load(cell.backend, cell.run.threads, cell.run.precision)
    report = progress.reporter(args.cell, trials.total_steps(cell))
    records = train.run(cell, backend, settings, report)
    files.write_records(records.curves, records.provenance, args.out / "curves.parquet")
    files.write_records(records.trials, records.provenance, args.out / "trials.parquet")


def measure(args: argparse.Namespace) -> None:
    """Take one measurement, given as instrument/name/backend; OUT is a directory."""
    raw = validation.load(args.config, args.override)
    measurement = plan.measurement(raw, args.measurement)
    settings = plan.measurement_settings(raw, args.measurement)
    if args.threads:
        measurement.run.threads = args.threads

    from dirgrad import backends
    from dirgrad.records import provenance

    threads = measurement.run.threads
    backend = backends.load(measurement.backend, threads, measurement.run.precision)
    instrument = import_module(f"dirgrad.runs.instruments.{measurement.instrument}")
    if measurement.instrument == "memory":
        tables = instrument.run(measurement, partial(_probe_command, args, threads))
    else:
        tables = instrument.run(measurement, backend)
    facts = provenance.collect(settings, backend.engine.environment())
    for name, rows in tables.items():
        files.write_records(rows, facts, args.out / f"{name}.parquet")


def _probe_command(
    args: argparse.Namespace,
    threads: int,
    problem: str,
    batch_size: int,
    estimator: str,
    seconds: float = 0.0,
) -> list[str]:
    """Return the command line of `memory_probe` for one step in a new process."""
    workload = [args.measurement, problem, str(batch_size), estimator]
    config = ["--config", *map(str, args.config), "--override", json.dumps(args.override)]
    options = ["--seconds", str(seconds), *config, "--threads", str(threads)]
    return [sys.executable, "-m", "dirgrad", "memory-probe", *workload, *options]


def memory_probe(args: argparse.Namespace) -> None:
    """Print the memory of one step as JSON; with --seconds, take steps for that long instead.

    The measurement is given as memory/name/backend, followed by one of its problems, minibatch
    sizes and estimators.
    """
    raw = validation.load(args.config, args.override)
    measurement = plan.measurement(raw, args.measurement)

    from dirgrad import backends
    from dirgrad.runs.instruments import memory

    threads = args.threads or measurement.run.threads
    backend = backends.load(measurement.backend, threads, measurement.run.precision)
    workload = (measurement, backend, args.problem, int(args.batch_size), args.estimator)
    if args.seconds:
        print(json.dumps(memory.step_for(*workload, args.seconds)))
    else:
        print(json.dumps(memory.measure(*workload)))


def landscape(args: argparse.Namespace) -> None:
    """Evaluate the losses of two-parameter problems on a grid, with the first backend."""
    raw = validation.load(args.config, args.override)
    problems = {name: plan.problem(raw, name) for name in plan.two_parameter_experiments(raw)}
    settings = {name: raw["experiments"][name] for name in problems}

    from dirgrad import backends
    from dirgrad.runs.instruments import landscape

    backend = backends.load(raw["backends"][0])
    rows, facts = landscape.run(problems, backend, settings)
    files.write_records(rows, facts, args.out)


def data(args: argparse.Namespace) -> None:
    """Download a data set if necessary, verify it, and write a receipt to OUT."""
    from dirgrad.components import registry

    raw = validation.load(args.config, args.override)
    names = registry.names("datasets")
    if args.dataset not in names:
        raise UserError(f"unknown dataset '{args.dataset}': {nearest(args.dataset, names)}")
    directory = raw.get("run", {}).get("data_directory")
    splits = registry.parse("datasets", args.dataset).load(directory)
    sizes = {name: len(arrays[0]) for name, arrays in splits._asdict().items()}
    receipt = json.dumps({"dataset": args.dataset, **sizes}) + "\n"
    files.write_atomically(args.out, lambda part: part.write_text(receipt, encoding="utf-8"))
