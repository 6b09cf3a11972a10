"""The commands. Each goes from files to files; a rule of the workflow is one of them."""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dirgrad.cli import jobs, pages, reference, results, verdicts
from dirgrad.core.errors import UserError


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
        sys.exit(
            _failed(f"{error.filename or error}: no such file: make it first, or name another")
        )


def _failed(text: str) -> int:
    for line in text.splitlines():
        print(f"dirgrad: {line}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dirgrad", description="Learning without backpropagation, measured."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(function: Any, *positional: str, out: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(
            function.__name__.replace("_", "-"), help=function.__doc__, description=function.__doc__
        )
        made.set_defaults(command=function)
        for name in positional:
            made.add_argument(name)
        if out:
            made.add_argument("--out", type=Path, required=True, help="where to write")
        return made

    for made in (
        command(jobs.cells, out=False),
        command(jobs.run, "cell"),
        command(jobs.measure, "measurement"),
        command(jobs.memory_probe, "measurement", "problem", "batch_size", "estimator", out=False),
        command(jobs.landscape),
        command(jobs.data, "dataset"),
        command(results.table, "table"),
        command(results.figure),
        command(results.manifest),
        command(verdicts.claims, "tables"),
        command(verdicts.verify, "run", "reference"),
    ):
        _configured(made)
    command(verdicts.readme_table, out=False).add_argument(
        "tables", type=Path, nargs="+", metavar="table"
    )
    command(verdicts.calibration, out=False).add_argument(
        "--repeats", type=_count, default=400, help="claims per law and n"
    )
    _published(command)
    command(reference.options, out=False)
    command(reference.schema, out=False)
    return parser


def _configured(made: argparse.ArgumentParser) -> None:
    """The options of a command that reads a configuration."""
    made.add_argument(
        "--config",
        type=Path,
        nargs="+",
        required=True,
        help="YAML or JSON files, later ones laid over earlier",
    )
    made.add_argument("--override", type=json.loads, default={}, help="JSON, laid over the files")
    if made.prog.endswith((" run", " measure", " memory-probe")):
        made.add_argument(
            "--threads", type=_count, help="threads, if not those of the configuration"
        )
    if made.prog.endswith(" memory-probe"):
        made.add_argument(
            "--seconds",
            type=float,
            default=0.0,
            help="take steps for so long, to be watched from outside",
        )
    if made.prog.endswith((" table", " manifest", " figure")):
        made.add_argument("--records", type=Path, required=True, help="the directory of records")
    if made.prog.endswith((" claims", " verify")):
        made.add_argument(
            "--claims",
            type=Path,
            default=Path("config/claims.yaml"),
            help="the claims, if not config/claims.yaml",
        )
    if made.prog.endswith(" figure"):
        made.add_argument("figures", nargs="+", help="names of files, without their suffix")
        made.add_argument(
            "--tables",
            type=Path,
            nargs="*",
            default=[],
            help="CSV files, if the tables are made already",
        )


def _published(command: Callable[..., argparse.ArgumentParser]) -> None:
    front, render = command(pages.front_page), command(pages.render, out=False)
    for made in (front, render):
        made.add_argument("--manifest", type=Path, required=True, help="the manifest.json of a run")
    front.add_argument(
        "--tables", type=Path, nargs="*", default=[], help="CSV files: claims.csv is shown"
    )
    front.add_argument(
        "--figures", type=Path, nargs="*", default=[], help="PNG files, in the order of the page"
    )
    render.add_argument("tables", type=Path, nargs="+", help="CSV files")
    command(pages.origin, out=False).add_argument(
        "files", type=Path, nargs="+", help="SVG, PNG, PDF, HTML or LaTeX"
    )


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of anything: give 1 or more")
    return count
