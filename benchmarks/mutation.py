"""Mutation score of the tests: change one operator or number of a module and run its tests.

    python benchmarks/mutation.py --out results/mutation [--sample 100 | --sample all]

cosmic-ray makes the mutants. This script draws a sample with a fixed seed and applies one mutant at
a time in a copy of the repository. A child of a process that has loaded the libraries runs the
tests that execute the mutated line. Every finished mutant is a row of OUT/mutants.csv. A run that
was interrupted continues there; `--again` repeats the mutants that survived.

Annotations, type aliases and texts are not mutated, because they do nothing when the code runs. The
option `strict=True` of `zip` is not mutated either, because correct code never fails it.
"""

import argparse
import ast
import csv
import difflib
import gc
import hashlib
import os
import random
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from shutil import copy2
from typing import Any

import parso.python.tree  # noqa: F401  # cosmic-ray needs it loaded first
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider
from mutation_tests import Suite, Tests, files_of, in_child, measure_all, run_tests, tests_of_line

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "benchmarks" / "mutation.toml").read_text())
OPERATORS = OperatorProvider()
SECONDS = 120
"""Processor time that a mutant may take beyond three times the time of its tests."""
KEY = ("file", "operator", "occurrence", "source")
Row = dict[str, str]


def copied_tree(folder: Path) -> None:
    """Copy the files of the repository that git knows or does not ignore."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            copy2(ROOT / name, folder / name)


def unmutated(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield start and end, as (line, column), of annotations, type aliases and `strict=True`."""
    tree = ast.parse(source)
    aliases = [node for node in tree.body if isinstance(node, ast.Assign)]
    nodes: list[Any] = [node for node in aliases if isinstance(node.value, ast.Subscript)]
    parts = [getattr(n, name, None) for n in ast.walk(tree) for name in ("annotation", "returns")]
    nodes += [n for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg == "strict"]
    for node in [*nodes, *filter(None, parts)]:
        yield (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def digest(path: Path) -> str:
    """Return a short hash of a source file, by which the rows of an earlier version are known."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else ""


def mutants(module: str, tree: Path) -> list[Row]:
    """Return all mutants of a module, which is a file or a folder, in a fixed random order."""
    rows = []
    for path in files_of(tree / "src" / "dirgrad" / module):
        source = path.read_text()
        hidden = list(unmutated(source))
        nodes = list(ast_nodes(get_ast(source)))
        for name in SETTINGS["operators"]:
            positions = [p for node in nodes for p in OPERATORS[name]().mutation_positions(node)]
            for occurrence, (start, _) in enumerate(positions):
                if not any(first <= start < last for first, last in hidden):
                    line = source.splitlines()[start[0] - 1].strip()
                    rows.append(
                        {
                            "module": module,
                            "file": str(path.relative_to(tree)),
                            "operator": name,
                            "occurrence": str(occurrence),
                            "line": str(start[0]),
                            "text": line,
                            "source": digest(path),
                        }
                    )
    random.Random(f"{SETTINGS['seed']} {module}").shuffle(rows)
    return rows


def outcome(row: Row, suite: Suite, tree: Path) -> Row:
    """Apply one mutant, run its tests, and return its row with the status and the killing test."""
    path = tree / row["file"]
    source = path.read_text()
    mutated = mutate_code(source, OPERATORS[row["operator"]](), int(row["occurrence"]))
    changed = list(difflib.ndiff(source.splitlines(), mutated.splitlines()))
    row = row | {"mutation": " ".join(line[2:].strip() for line in changed if line[0] == "+")}
    try:
        compile(mutated, row["file"], "exec")
    except SyntaxError:
        return row | {"status": "incompetent", "test": ""}
    tests = tests_of_line(source, int(row["line"]), suite.lines[row["file"]])
    selected = sorted(tests or suite.seconds, key=lambda name: suite.seconds[name])
    files = sorted({name.split("::")[0] for name in selected})

    def work() -> str:
        plugin = Tests(selected)
        return f"{run_tests(files, suite.keyword, plugin)} {plugin.failed}"

    time = path.stat().st_mtime
    path.write_text(mutated)
    # Python compiles a file again only if its second or its size differs.
    os.utime(path, (time + 2, time + 2))
    limit = SECONDS + 3 * sum(suite.seconds[name] for name in selected)
    status, text = in_child(work, tree, limit)
    path.write_text(source)
    os.utime(path, (time + 4, time + 4))
    code, _, test = text.partition(" ")
    if status and not os.WIFSIGNALED(status):
        raise SystemExit((tree / "output.txt").read_text())
    if status:
        return row | {"status": "timeout", "test": f"signal {status}"}
    return row | {"status": "survived" if code == "0" else "killed", "test": test or f"exit {code}"}


def write(path: Path, rows: list[Row]) -> None:
    """Replace a CSV file in one step, so that an interrupted run leaves a whole file."""
    part = path.with_suffix(".part")
    with part.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def sample(module: str, size: str, tree: Path) -> list[Row]:
    """Return the first mutants of a module: a number of them, `all`, or as many as is usual."""
    rows = mutants(module, tree)
    usual = SETTINGS["samples"].get(module, SETTINGS["sample"])
    return rows if size == "all" else rows[: int(size or usual)]


def run(out: Path, size: str, modules: list[str], again: bool) -> None:
    """Run the sample of each module, except for mutants that already have a row."""
    table = out / "mutants.csv"
    done = list(csv.DictReader(table.open())) if table.exists() else []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve()
        copied_tree(tree)
        done = [row for row in done if row["source"] == digest(tree / row["file"])]
        done = [row for row in done if not again or row["status"] != "survived"]
        finished = {tuple(row[name] for name in KEY) for row in done}
        for settings in SETTINGS["suite"]:
            chosen = [name for name in settings["modules"] if name in (modules or [name])]
            rows = [row for name in chosen for row in sample(name, size, tree)]
            rows = [row for row in rows if tuple(row[name] for name in KEY) not in finished]
            if not rows:
                continue
            sources = [
                str(path.relative_to(tree))
                for name in settings["modules"]
                for path in files_of(tree / "src" / "dirgrad" / name)
            ]
            suite = measure_all(settings, sources, tree, out / "lines")
            for row in rows:
                done.append(outcome(row, suite, tree))
                write(table, done)
                last = done[-1]
                print(last["status"], last["file"], last["line"], last["mutation"], flush=True)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "mutation")
    parser.add_argument("--sample", default="", help="mutants per module: a number, or `all`")
    parser.add_argument("--modules", nargs="*", default=[], help="rows of the score; default: all")
    parser.add_argument("--again", action="store_true", help="repeat mutants that survived")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in SETTINGS["warm"]:
        import_module(name)
    # The children then neither visit nor copy the objects of the libraries.
    gc.freeze()
    run(arguments.out, arguments.sample, arguments.modules, arguments.again)


if __name__ == "__main__":
    main()
