"""Command-line parser. Each command reads files and writes files; each workflow rule calls one."""

import argparse
import signal
import sys
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, TypeAlias

import dirgrad
from dirgrad.cli import (
    extend,
    jobs,
    pages,
    reference,
    results,
    review,
    verdicts,
    workflow,
)
from dirgrad.config import files
from dirgrad.core.errors import UserError, one_line
from dirgrad.records import atomic

ARGUMENTS = {
    "job": "a job, as `dirgrad jobs` prints it, such as training/mlp/jax",
    "problem": "name of one of the problems of the job",
    "batch_size": "one of the minibatch sizes of the job",
    "estimator": "name of one of the estimators of the job",
    "dataset": "kind of a data set, such as mnist",
    "table": "name of a table, such as final",
    "tables": "directory with the tables of a run, such as results/default/tables",
    "run": "directory with the results to check, such as results/default",
    "reference": "directory with the results to compare them with",
    "kind": "kind of the new component, such as estimator",
    "name": "name of the component",
}
"""Help texts of the positional arguments that are a text."""
Command: TypeAlias = Callable[[argparse.Namespace], None]
AddCommand: TypeAlias = Callable[..., argparse.ArgumentParser]


def main(arguments: list[str] | None = None) -> None:
    """Run one command.

    A user's mistake is printed with one line per mistake, and the exit status is 2.
    """
    # A closed pipe, as in `dirgrad jobs | head`, ends the process without a traceback.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        args = _parser().parse_args(arguments)
        args.command(args)
    except UserError as error:
        sys.exit(_print_errors(str(error)))
    except OSError as error:
        sys.exit(_print_errors(_system_error(error)))
    except MemoryError as error:
        reason = one_line(error) or "no memory is left"
        sys.exit(_print_errors(f"out of memory: {reason}"))


def _system_error(error: OSError) -> str:
    """Return an error of the operating system as one sentence with the name of the file."""
    reason = error.strerror or one_line(error)
    if error.filename is None and not isinstance(error, FileNotFoundError):
        return reason
    path = Path(str(error.filename or error))
    written = atomic.destination(path)
    if written != path:
        return f"{written}: cannot be written: {reason}"
    if isinstance(error, FileNotFoundError):
        return f"{path}: no such file: create it first, or give another path"
    return f"{path}: {reason}"


def _print_errors(text: str) -> int:
    for line in text.splitlines():
        print(f"dirgrad: {line}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dirgrad", description="Learning without backpropagation, measured."
    )
    parser.add_argument("--version", action="version", version=f"dirgrad {dirgrad.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = partial(_add_command, commands)
    _add_jobs(add)
    _add_results(add)
    _add_verdicts(add)
    _add_pages(add)
    _add_review(add)
    _add_extending(add)
    _add_workflow(add)
    _add_config(add(reference.options, out=False), required=False)
    add(reference.schema, out=False)
    return parser


def _add_command(
    commands: Any, function: Command, *positional: str, out: bool = True, config: bool = False
) -> argparse.ArgumentParser:
    """Add a command with the name and the docstring of its function."""
    name = function.__name__.replace("_", "-")
    text = function.__doc__
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=function)
    for argument in positional:
        parser.add_argument(argument, help=ARGUMENTS[argument])
    if out:
        parser.add_argument("--out", type=Path, required=True, help="file or directory to write")
    if config:
        _add_config(parser)
    return parser


def _add_config(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        nargs="+",
        required=required,
        help="YAML or JSON files; later files override earlier ones",
    )
    parser.add_argument(
        "--override", type=override, default={}, help="YAML or JSON that overrides all files"
    )


def _add_jobs(add: AddCommand) -> None:
    add(jobs.jobs, out=False, config=True)
    run = add(jobs.run, "job", config=True)
    workload = ("job", "problem", "batch_size", "estimator")
    steps = add(jobs.take_steps, *workload, out=False, config=True)
    for parser in (run, steps):
        parser.add_argument(
            "--threads",
            type=positive_integer,
            help="number of threads (default: from the configuration)",
        )
    steps.add_argument("--seconds", type=duration, required=True, help="time to take steps")
    add(jobs.landscape, config=True)
    add(jobs.data, "dataset", config=True)


def _add_results(add: AddCommand) -> None:
    table = add(results.table, "table", config=True)
    figure = add(results.figure, config=True)
    manifest = add(results.manifest, config=True)
    for parser in (table, figure, manifest):
        parser.add_argument("--records", type=Path, required=True, help="directory of the records")
    figure.add_argument("figures", nargs="+", help="figure names, without a suffix")
    figure.add_argument(
        "--tables",
        type=Path,
        nargs="*",
        default=[],
        help="CSV files to use instead of making these tables from the records",
    )


def _add_verdicts(add: AddCommand) -> None:
    claims = add(verdicts.claims, "tables", config=True)
    verify = add(verdicts.verify, "run", "reference", config=True)
    for parser in (claims, verify):
        _add_claims(parser)
    add(verdicts.claim_options, out=False)
    readme_table = add(verdicts.readme_table, out=False)
    readme_table.add_argument(
        "tables", type=Path, nargs="+", metavar="table", help="CSV files of tables"
    )
    answers = add(verdicts.answers, out=False)
    answers.add_argument(
        "claims", type=Path, nargs="+", metavar="claims.csv", help="claims.csv of several tiers"
    )
    calibration = add(verdicts.calibration, out=False)
    calibration.add_argument(
        "--repeats",
        type=positive_integer,
        default=400,
        help="number of simulated claims per distribution and n (default: 400)",
    )


def _add_pages(add: AddCommand) -> None:
    front = add(pages.front_page)
    render = add(pages.render, out=False)
    for parser in (front, render):
        parser.add_argument("--manifest", type=Path, required=True, help="manifest.json of a run")
    front.add_argument(
        "--tables",
        type=Path,
        nargs="*",
        default=[],
        help="CSV files; only claims.csv and evidence.csv are shown",
    )
    front.add_argument(
        "--figures", type=Path, nargs="*", default=[], help="PNG files, in the order to show them"
    )
    explore = add(pages.explore)
    explore.add_argument("--manifest", type=Path, help="manifest.json of the run, if there is one")
    explore.add_argument(
        "--tables", type=Path, nargs="*", default=[], help="CSV files, such as curves.csv"
    )
    render.add_argument("tables", type=Path, nargs="+", help="CSV files")
    origin = add(pages.origin, out=False)
    origin.add_argument("files", type=Path, nargs="+", help="SVG, PNG, PDF, HTML or LaTeX files")


def _add_claims(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--claims",
        type=Path,
        default=Path("config/claims.yaml"),
        help="file of claims (default: config/claims.yaml)",
    )


def _add_review(add: AddCommand) -> None:
    page = add(review.reproducibility, out=False)
    page.add_argument(
        "runs", type=Path, nargs="+", metavar="run", help="directories with the results of a tier"
    )
    pack = add(review.pack, "run", config=True)
    pack.add_argument("--figures", type=Path, required=True, help="directory with the figures")
    pack.add_argument(
        "--checkout",
        type=Path,
        default=Path(),
        help="directory with the workflow and the code (default: the working directory)",
    )
    for parser in (page, pack):
        _add_claims(parser)
        parser.add_argument(
            "--judgements",
            type=Path,
            default=Path("config/reproducibility.yaml"),
            help="file of sentences (default: config/reproducibility.yaml)",
        )


def _add_extending(add: AddCommand) -> None:
    new = add(extend.new, "kind", "name", out=False)
    new.add_argument("--from", dest="example", help="built-in component to start from")
    new.add_argument("--out", type=Path, help="folder to write to (default: this package)")
    check = add(extend.check, "name", out=False)
    check.add_argument("--json", action="store_true", help="print the values as JSON")
    _add_config(check, required=False)


def _add_workflow(add: AddCommand) -> None:
    parser = add(workflow.workflow, out=False)
    parser.add_argument("action", choices=["init"], help="what to do")
    parser.add_argument(
        "directory",
        type=Path,
        nargs="?",
        default=Path(),
        help="directory of the study (default: the working directory)",
    )


def positive_integer(text: str) -> int:
    """Parse a whole number of at least 1.

    Raises:
        ArgumentTypeError: The text is not such a number.
    """
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text}")
    return number


def duration(text: str) -> float:
    """Parse a time in seconds, which is finite and above 0.

    Raises:
        ArgumentTypeError: It is not.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < inf:
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text}")
    return seconds


def override(text: str) -> dict[str, Any]:
    """Parse values that override configuration files.

    Raises:
        UserError: The text is neither YAML nor JSON, or has no keys.
    """
    return files.parse(text, "--override")
