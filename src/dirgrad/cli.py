"""The commands. Each goes from files to files; a rule of the workflow is one of them."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dirgrad import config as configuration
from dirgrad import judge, plan, products, publish
from dirgrad.errors import UserError, nearest


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
        command(_measure, "measurement"),
        command(_probe, "measurement", "problem", "batch_size", "estimator", out=False),
        command(_landscape),
        command(_data, "dataset"),
        command(_table, "table"),
        command(_figure),
        command(_manifest),
        command(judge.claims, "tables"),
        command(judge.verify, "run", "reference"),
    ):
        _configured(made)
    command(judge.headline, out=False).add_argument("tables", type=Path, nargs="+", metavar="table")
    command(judge.calibration, out=False).add_argument("--repeats", type=_count, default=400, help="claims per law and n")
    _published(command)
    command(_options, out=False)
    command(_schema, out=False)
    return parser


def _configured(made: argparse.ArgumentParser) -> None:
    """The options of a command that reads a configuration."""
    made.add_argument("--config", type=Path, nargs="+", required=True, help="YAML or JSON files, later ones laid over earlier")
    made.add_argument("--override", type=json.loads, default={}, help="JSON, laid over the files")
    if made.prog.endswith((" run", " measure", " probe")):
        made.add_argument("--threads", type=_count, help="threads, if not those of the configuration")
    if made.prog.endswith(" probe"):
        made.add_argument("--seconds", type=float, default=0.0, help="take steps for so long, to be watched from outside")
    if made.prog.endswith((" table", " manifest", " figure")):
        made.add_argument("--records", type=Path, required=True, help="the directory of records")
    if made.prog.endswith((" claims", " verify")):
        made.add_argument("--claims", type=Path, default=Path("config/claims.yaml"), help="the claims, if not config/claims.yaml")
    if made.prog.endswith(" figure"):
        made.add_argument("figures", nargs="+", help="names of files, without their suffix")
        made.add_argument("--tables", type=Path, nargs="*", default=[], help="CSV files, if the tables are made already")


def _published(command: Callable[..., argparse.ArgumentParser]) -> None:
    front, render = command(publish.front), command(publish.render, out=False)
    for made in (front, render):
        made.add_argument("--manifest", type=Path, required=True, help="the manifest.json of a run")
    front.add_argument("--tables", type=Path, nargs="*", default=[], help="CSV files: claims.csv is shown")
    front.add_argument("--figures", type=Path, nargs="*", default=[], help="PNG files, in the order of the page")
    render.add_argument("tables", type=Path, nargs="+", help="CSV files")
    command(publish.origin, out=False).add_argument("files", type=Path, nargs="+", help="SVG, PNG, PDF, HTML or LaTeX")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of anything: give 1 or more")
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


def _measure(options: argparse.Namespace) -> None:
    """Take one measurement, given as instrument/name/backend; OUT is a directory."""
    raw = configuration.load(options.config, options.override)
    made, facts = plan.measurement(raw, options.measurement), plan.measured(raw, options.measurement)
    if options.threads:
        made.run.threads = options.threads

    from dirgrad import backends, provenance, records

    backend = backends.load(made.backend, made.run.threads, made.run.precision)
    run = import_module(f"dirgrad.runs.{made.instrument}").run
    told = [*map(str, options.config), "--override", json.dumps(options.override), "--threads", str(made.run.threads)]

    def probe(problem: str, batch_size: int, estimator: str, seconds: float = 0.0) -> list[str]:
        about = [options.measurement, problem, str(batch_size), estimator, "--seconds", str(seconds)]
        return [sys.executable, "-m", "dirgrad", "probe", *about, "--config", *told]

    found = run(made, probe) if made.instrument == "memory" else run(made, backend)
    origin = provenance.collect(facts, backend.engine.environment())
    for name, rows in found.items():
        records.write(rows, origin, options.out / f"{name}.parquet")


def _probe(options: argparse.Namespace) -> None:
    """Print the memory of one step as JSON, or take steps for some seconds: of a measurement memory/name/backend, one problem,
    size of the minibatch and estimator."""
    made = plan.measurement(configuration.load(options.config, options.override), options.measurement)

    from dirgrad import backends
    from dirgrad.runs import memory

    backend = backends.load(made.backend, options.threads or made.run.threads, made.run.precision)
    about = (made, backend, options.problem, int(options.batch_size), options.estimator)
    print(json.dumps(memory.keep_busy(*about, options.seconds) if options.seconds else memory.measure(*about)))


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
    """Make a table from the records of all cells: OUT is the CSV file; what is read as a table is HTML and LaTeX too."""
    if options.table not in products.TABLES:
        raise UserError(f"unknown table '{options.table}': {nearest(options.table, products.TABLES)}")
    from dirgrad import origin, records
    from dirgrad.pages import table as pages

    raw = configuration.load(options.config, options.override)
    table = _made(raw, options.table, options.records)
    records.write_table(table, options.out)
    if options.table not in products.SERIES:
        found = plan.leaves(raw)
        paths = [path for kind in products.TABLES[options.table] for path in found[kind]]
        pages.write(options.out, origin.line(origin.of(options.records, paths, _statistics(raw))))


def _manifest(options: argparse.Namespace) -> None:
    """Write what the results rest on: versions, machine, commit, and the fate of every trial."""
    from dirgrad import manifest

    raw = configuration.load(options.config, options.override)
    cells = {cell: options.records / cell / "trials.parquet" for cell in plan.cells(raw)}
    measured = {one: options.records / one / f"{kinds[0]}.parquet" for one, kinds in plan.all_measurements(raw)}
    manifest.write(manifest.make(raw, cells, measured), options.out)


def _made(raw: dict[str, Any], table: str, root: Path, subjects: Sequence[str] | None = None) -> Any:
    """A table from the records of all subjects, or of these alone."""
    from dirgrad import records

    found = {
        kind: records.read((root / path for path in plan.leaves(raw, subjects)[kind]), records.SCHEMAS[kind]).to_pandas()
        for kind in products.TABLES[table]
    }
    return import_module(f"dirgrad.tables.{table}").make(found, configuration.check(raw, {}).statistics)


def _statistics(raw: dict[str, Any]) -> dict[str, Any]:
    return configuration.check(raw, {}).statistics.model_dump()


def _figure(options: argparse.Namespace) -> None:
    """Draw figures as OUT/NAME.{svg,png,pdf}, from tables or from the records that they need; of several frameworks each alone
    too, as OUT/NAME.FRAMEWORK.svg."""
    raw = configuration.load(options.config, options.override)
    known = products.drawings(raw)
    for name in options.figures:
        if name not in known:
            raise UserError(f"no figure '{name}' in this configuration: {nearest(name, known)}")
    import pandas as pd

    from dirgrad import origin
    from dirgrad.figures import style

    given = {path.stem: pd.read_csv(path) for path in options.tables}

    def table(name: str, drawing: products.Drawing) -> pd.DataFrame:
        if name == "landscape":
            return pd.read_parquet(options.records / "landscape.parquet")
        return given[name] if name in given else _made(raw, name, options.records, drawing.subjects if drawing.narrow else None)

    statistics = _statistics(raw)
    with style.applied(statistics["confidence"]):
        for name in options.figures:
            drawing = known[name]
            draw = import_module(f"dirgrad.figures.{drawing.module}").draw
            shown = dict.fromkeys(subject.rpartition("/")[2] for subject in drawing.subjects)
            tables = {one: table(one, drawing) for one in drawing.tables}
            told = origin.line(origin.of(options.records, products.records(raw, drawing), statistics))
            style.save(draw(tables, *shown), options.out / name, told)
            for backend in products.frameworks(raw, drawing):
                alone = style.alone(draw, tables, shown, backend)
                style.save(alone, options.out / f"{name}.{backend}", told, style.SHOWN)


def _options(options: argparse.Namespace) -> None:
    """Print every option of the configuration as Markdown: config/README.md."""
    from dirgrad.options import page

    print(page(), end="")


def _schema(options: argparse.Namespace) -> None:
    """Print the JSON schema of the configuration: workflow/schemas/config.schema.json."""
    from dirgrad.options import schema

    print(json.dumps(schema(), indent=1))
