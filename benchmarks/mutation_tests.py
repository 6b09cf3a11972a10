"""Run the tests of a suite in forked processes, and find the tests that execute a line."""

import ast
import hashlib
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from coverage import Coverage

BYTES = 16 * 2**30
"""Data that a process may allocate."""


class Suite(NamedTuple):
    """The tests that execute each line of each source file, and their seconds."""

    keyword: str
    lines: dict[str, dict[str, list[str]]]
    seconds: dict[str, float]


class Tests:
    """A pytest plugin that selects tests, and notes their times and the first that fails."""

    def __init__(self, selected: list[str], on_test: Callable[[str], Any] = str) -> None:
        self.selected, self.on_test = selected, on_test
        self.seconds: dict[str, float] = {}
        self.failed = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the selected tests, in their order; all of them if none is selected."""
        if self.selected:
            by_name = {item.nodeid: item for item in items}
            items[:] = [by_name[name] for name in self.selected if name in by_name]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Announce a test."""
        self.on_test(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the times of set-up, test and tear-down."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed and not self.failed:
            self.failed = report.nodeid


def in_child(work: Callable[[], str], tree: Path, seconds: float) -> tuple[int, str]:
    """Run `work` in a forked process inside `tree`; return its exit status and its text."""
    answer = tree / "answer.txt"
    answer.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        try:
            os.setsid()
            os.chdir(tree)
            output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
            resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))
            sys.path.insert(0, str(tree / "src"))
            os.environ["PYTHONPATH"] = str(tree / "src")
            answer.write_text(work())
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    try:
        status = os.waitpid(child, 0)[1]
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    return status, answer.read_text() if answer.exists() else ""


def run_tests(files: list[str], keyword: str, plugin: Tests) -> int:
    """Run test files up to the first failure and return pytest's exit code.

    `keyword` selects tests as the option `-k` of pytest does.
    """
    # hypothesis is loaded before the child starts, and cannot be rewritten any more.
    warm = "ignore::pytest.PytestAssertRewriteWarning"
    options = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--hypothesis-seed=0",
        "-k",
        keyword,
        "-W",
        warm,
    ]
    code = int(pytest.main([*options, *files], [plugin]))
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise RuntimeError(f"none of {files} has a selected test")
    return code


def measure(tests: Path, keyword: str, sources: list[str], tree: Path, cache: Path) -> Suite:
    """Return the lines that each test of a file executes, and its time. All tests must pass."""
    digest = hashlib.sha256(keyword.encode())
    for path in (tests, *(tree / name for name in sources)):
        digest.update(path.read_bytes())
    cached = cache / f"{digest.hexdigest()[:16]}.json"
    if not cached.exists():

        def work() -> str:
            coverage = Coverage(data_file=None, include=[str(tree / name) for name in sources])
            plugin = Tests([], coverage.switch_context)
            coverage.start()
            code = run_tests([str(tests.relative_to(tree))], keyword, plugin)
            coverage.stop()
            if code:
                return ""
            data = coverage.get_data()
            lines = {name: data.contexts_by_lineno(str(tree / name)) for name in sources}
            return json.dumps([lines, plugin.seconds])

        status, text = in_child(work, tree, 3600)
        if not text:
            sys.exit(f"the unchanged tests fail ({status}):\n{(tree / 'output.txt').read_text()}")
        cache.mkdir(parents=True, exist_ok=True)
        cached.write_text(text)
    return Suite(keyword, *json.loads(cached.read_text()))


def measure_all(settings: dict[str, Any], sources: list[str], tree: Path, cache: Path) -> Suite:
    """Return the lines and times of all tests of a suite."""
    keyword = settings.get("keyword", "")
    suite = Suite(keyword, {name: {} for name in sources}, {})
    for tests in (path for name in settings["tests"] for path in files_of(tree / "tests" / name)):
        if tests.name.startswith("test_"):
            _, lines, seconds = measure(tests, keyword, sources, tree, cache)
            suite.seconds.update(seconds)
            for source, numbers in lines.items():
                for number, contexts in numbers.items():
                    suite.lines[source].setdefault(number, []).extend(contexts)
    return suite


def files_of(path: Path) -> list[Path]:
    """Return the Python files in a folder, or the file itself."""
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def tests_of_line(source: str, line: int, lines: dict[str, list[str]]) -> set[str]:
    """Return the tests that execute the statement at a line of a function.

    A line outside of functions runs at the import, and every test may use its result. Such a line
    has no tests of its own.
    """
    statements = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.stmt)]
    functions = [n for n in statements if isinstance(n, ast.FunctionDef)]
    if not any(f.body[0].lineno <= line <= (f.end_lineno or 0) for f in functions):
        return set()
    spans = [range(n.lineno, (n.end_lineno or 0) + 1) for n in statements]
    span = min((span for span in spans if line in span), key=len)
    return {test for number in span for test in lines.get(str(number), []) if test}
