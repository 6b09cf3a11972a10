"""The commands. Each goes from files to files; a rule of the workflow is one of them."""

import argparse
import json
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from dirgrad import config as configuration
from dirgrad import plan
from dirgrad.errors import UserError, nearest

TABLES = ("final", "curves", "trajectories")
FIGURES = {"loss": ("final", "curves"), "trajectories": ("final", "trajectories", "landscape"), "overview": ("final",)}


def main(arguments: list[str] | None = None) -> None:
    """Run one command; a user's mistake ends it with one line per mistake and exit status 2."""
    # `dirgrad cells | head` ends in silence, as other commands do.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except UserError as error:
        sys.exit(_failed(str(error)))
    except FileNotFoundError as error:
        sys.exit(_failed(f"{error.filename or error}: no such file: make it first, or name another"))


def _failed(text: str) -> int:
    for line in text.splitlines():
        print(f"dirgrad: {line}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dirgrad", description="Learning without backpropagation, measured.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(function: Any, *positional: str, out: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(function.__name__.strip("_"), help=function.__doc__, description=function.__doc__)
        made.set_defaults(command=function)
        for name in positional:
            made.add_argument(name)
        if out:
            made.add_argument("--out", type=Path, required=True, help="where to write")
        return made

    for made in (
        command(_cells, out=False),
        command(_run, "cell"),
        command(_landscape),
        command(_data, "dataset"),
        command(_table, "table"),
        command(_manifest),
    ):
        made.add_argument("--config", type=Path, nargs="+", required=True, help="YAML or JSON files, later ones laid over earlier")
        made.add_argument("--override", type=json.loads, default={}, help="JSON, laid over the files")
        if made.prog.endswith(" run"):
            made.add_argument("--threads", type=_count, help="threads, if not those of the configuration")
        if made.prog.endswith(("table", "manifest")):
            made.add_argument("--records", type=Path, required=True, help="the directory of records")
    drawn = command(_figure, "figure")
    drawn.add_argument("experiments", nargs="+")
    drawn.add_argument("--tables", type=Path, nargs="+", required=True, help="CSV files, named by their tables")
    command(_headline, "final", out=False)
    command(_options, out=False)
    command(_schema, out=False)
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of threads: give 1 or more")
    return count


def _cells(options: argparse.Namespace) -> None:
    """Print the cells of a configuration, one a line: what `dirgrad run` takes."""
    print("\n".join(plan.cells(configuration.load(options.config, options.override))))


def _run(options: argparse.Namespace) -> None:
    """Train every trial of one cell, given as experiment/backend."""
    raw = configuration.load(options.config, options.override)
    cell, facts = plan.cell(raw, options.cell), plan.settings(raw, options.cell)
    if options.threads:
        cell.run.threads = options.threads

    from dirgrad import backends, records
    from dirgrad.runs import progress, train, trials

    backend = backends.load(cell.backend, cell.run.threads, cell.run.precision)
    report = progress.reporter(options.cell, trials.total_steps(cell))
    found = train.run(cell, backend, facts, report)
    records.write(found.curves, found.provenance, options.out / "curves.parquet")
    records.write(found.trials, found.provenance, options.out / "trials.parquet")


def _landscape(options: argparse.Namespace) -> None:
    """Evaluate the problems of two parameters on a grid, with the first backend."""
    raw = configuration.load(options.config, options.override)
    problems = {name: plan.problem(raw, name) for name in plan.pictured(raw)}

    from dirgrad import backends, records
    from dirgrad.runs import landscape

    found, facts = landscape.run(problems, backends.load(raw["backends"][0]), {name: raw["experiments"][name] for name in problems})
    records.write(found, facts, options.out)


def _data(options: argparse.Namespace) -> None:
    """Fetch a data set if need be, verify it, and write a receipt."""
    from dirgrad import catalogue
    from dirgrad.records import atomically

    raw = configuration.load(options.config, options.override)
    if options.dataset not in catalogue.names("datasets"):
        raise UserError(f"unknown dataset '{options.dataset}': {nearest(options.dataset, catalogue.names('datasets'))}")
    directory = raw.get("run", {}).get("data_directory")
    splits = catalogue.build("datasets", options.dataset).load(directory)
    receipt = {"dataset": options.dataset, **{name: len(part[0]) for name, part in splits._asdict().items()}}
    atomically(options.out, lambda part: part.write_text(json.dumps(receipt) + "\n", encoding="utf-8"))


def _table(options: argparse.Namespace) -> None:
    """Make a table from the records of all cells of a configuration."""
    if options.table not in TABLES:
        raise UserError(f"unknown table '{options.table}': {nearest(options.table, TABLES)}")
    from dirgrad import records

    raw = configuration.load(options.config, options.override)
    statistics = configuration.check(raw, {}).statistics
    trials, curves = (
        records.read(options.records / cell / f"{kind}.parquet" for cell in plan.cells(raw)).to_pandas()
        for kind in ("trials", "curves")
    )
    table = import_module(f"dirgrad.tables.{options.table}").make(trials, curves, statistics)
    records.atomically(options.out, lambda part: table.to_csv(part, index=False, float_format="%.9g"))


def _manifest(options: argparse.Namespace) -> None:
    """Write what the results rest on: versions, machine, commit, and the fate of every trial."""
    from dirgrad import manifest

    raw = configuration.load(options.config, options.override)
    manifest.write(manifest.make(raw, manifest.records(options.records, plan.cells(raw))), options.out)


def _figure(options: argparse.Namespace) -> None:
    """Draw a figure of each experiment (`overview` of `all`) from tables, as OUT/FIGURE_EXPERIMENT.{svg,png,pdf}."""
    if options.figure not in FIGURES:
        raise UserError(f"unknown figure '{options.figure}': {nearest(options.figure, FIGURES)}")
    import pandas as pd

    from dirgrad.figures import style

    given = {path.stem: path for path in options.tables}
    missing = [name for name in FIGURES[options.figure] if name not in given]
    if missing:
        needed = ", ".join(FIGURES[options.figure])
        raise UserError(f"figure '{options.figure}' needs the tables {needed}: add {', '.join(missing)} to --tables")
    readers: dict[str, Any] = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    for path in given.values():
        if path.suffix not in readers:
            raise UserError(f"{path}: a table is a .csv or a .parquet file")
    tables = {name: readers[given[name].suffix](given[name]) for name in FIGURES[options.figure]}
    draw = import_module(f"dirgrad.figures.{options.figure}").draw
    with style.applied():
        for experiment in options.experiments:
            style.save(draw(tables, experiment), options.out / f"{options.figure}_{experiment}")


def _headline(options: argparse.Namespace) -> None:
    """Print the README's table from final.csv."""
    import pandas as pd

    from dirgrad.headline import markdown

    print(markdown(pd.read_csv(options.final)), end="")


def _options(options: argparse.Namespace) -> None:
    """Print every option of the configuration as Markdown: config/README.md."""
    from dirgrad.options import page

    print(page(), end="")


def _schema(options: argparse.Namespace) -> None:
    """Print the JSON schema of the configuration: workflow/schemas/config.schema.json."""
    from dirgrad.options import schema

    print(json.dumps(schema(), indent=1))
