"""The commands that take measurements and train."""

import argparse
import json
import sys
from importlib import import_module

from dirgrad.config import plan, validation
from dirgrad.core.errors import UserError, nearest
from dirgrad.records import files


def cells(options: argparse.Namespace) -> None:
    """Print the cells of a configuration, one a line: what `dirgrad run` takes."""
    print("\n".join(plan.cells(validation.load(options.config, options.override))))


def run(options: argparse.Namespace) -> None:
    """Train every trial of one cell, given as experiment/backend."""
    raw = validation.load(options.config, options.override)
    cell, facts = plan.cell(raw, options.cell), plan.cell_settings(raw, options.cell)
    if options.threads:
        cell.run.threads = options.threads

    from dirgrad import backends
    from dirgrad.runs.training import progress, train, trials

    backend = backends.load(cell.backend, cell.run.threads, cell.run.precision)
    report = progress.reporter(options.cell, trials.total_steps(cell))
    found = train.run(cell, backend, facts, report)
    files.write_records(found.curves, found.provenance, options.out / "curves.parquet")
    files.write_records(found.trials, found.provenance, options.out / "trials.parquet")


def measure(options: argparse.Namespace) -> None:
    """Take one measurement, given as instrument/name/backend; OUT is a directory."""
    raw = validation.load(options.config, options.override)
    made, facts = (
        plan.measurement(raw, options.measurement),
        plan.measurement_settings(raw, options.measurement),
    )
    if options.threads:
        made.run.threads = options.threads

    from dirgrad import backends
    from dirgrad.records import provenance

    backend = backends.load(made.backend, made.run.threads, made.run.precision)
    run = import_module(f"dirgrad.runs.instruments.{made.instrument}").run
    told = [
        *map(str, options.config),
        "--override",
        json.dumps(options.override),
        "--threads",
        str(made.run.threads),
    ]

    def probe(problem: str, batch_size: int, estimator: str, seconds: float = 0.0) -> list[str]:
        about = [
            options.measurement,
            problem,
            str(batch_size),
            estimator,
            "--seconds",
            str(seconds),
        ]
        return [sys.executable, "-m", "dirgrad", "memory-probe", *about, "--config", *told]

    found = run(made, probe) if made.instrument == "memory" else run(made, backend)
    origin = provenance.collect(facts, backend.engine.environment())
    for name, rows in found.items():
        files.write_records(rows, origin, options.out / f"{name}.parquet")


def memory_probe(options: argparse.Namespace) -> None:
    """Print the memory of one step as JSON, or take steps for some seconds: of a measurement memory/name/backend, one problem,
    size of the minibatch and estimator."""
    made = plan.measurement(validation.load(options.config, options.override), options.measurement)

    from dirgrad import backends
    from dirgrad.runs.instruments import memory

    backend = backends.load(made.backend, options.threads or made.run.threads, made.run.precision)
    about = (made, backend, options.problem, int(options.batch_size), options.estimator)
    print(
        json.dumps(
            memory.step_for(*about, options.seconds) if options.seconds else memory.measure(*about)
        )
    )


def landscape(options: argparse.Namespace) -> None:
    """Evaluate the problems of two parameters on a grid, with the first backend."""
    raw = validation.load(options.config, options.override)
    problems = {name: plan.problem(raw, name) for name in plan.two_parameter_experiments(raw)}

    from dirgrad import backends
    from dirgrad.runs.instruments import landscape

    found, facts = landscape.run(
        problems,
        backends.load(raw["backends"][0]),
        {name: raw["experiments"][name] for name in problems},
    )
    files.write_records(found, facts, options.out)


def data(options: argparse.Namespace) -> None:
    """Fetch a data set if need be, verify it, and write a receipt."""
    from dirgrad.components import registry
    from dirgrad.records.files import write_atomically

    raw = validation.load(options.config, options.override)
    if options.dataset not in registry.names("datasets"):
        raise UserError(
            f"unknown dataset '{options.dataset}': {nearest(options.dataset, registry.names('datasets'))}"
        )
    directory = raw.get("run", {}).get("data_directory")
    splits = registry.parse("datasets", options.dataset).load(directory)
    receipt = {
        "dataset": options.dataset,
        **{name: len(part[0]) for name, part in splits._asdict().items()},
    }
    write_atomically(
        options.out, lambda part: part.write_text(json.dumps(receipt) + "\n", encoding="utf-8")
    )
