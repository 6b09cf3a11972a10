"""A command imports only the libraries that it uses, so that a job starts quickly."""

from pathlib import Path

import pytest

from support.fresh_python import printed_lines
from support.small_job import arguments

LIBRARIES = {"jax", "torch", "scipy", "pandas", "matplotlib", "sklearn", "jinja2", "grimp"}
"""Libraries that take a tenth of a second or more to import."""


def imported_libraries(lines: list[str]) -> set[str]:
    """Return the slow libraries that a new process has imported after these lines of Python."""
    return LIBRARIES.intersection(
        printed_lines(*lines, "import sys", "print(*sys.modules, sep='\\n')")
    )


def test_the_command_line_imports_no_slow_library() -> None:
    assert imported_libraries(["import dirgrad.cli.main"]) == set()


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_a_job_imports_only_its_own_framework(framework: str, tmp_path: Path) -> None:
    command = arguments(tmp_path, framework)
    lines = ["from dirgrad.cli.main import main", f"main({command!r})"]
    # PyArrow imports pandas, if it is installed, to convert rows.
    assert imported_libraries(lines) == {framework, "pandas"}
