"""The source code follows rules for sizes, imports, docstrings and branches on the framework.

import-linter checks which package may import which.
"""

import ast
import re
from pathlib import Path

import pytest

from support.paths import ROOT

PACKAGE = ROOT / "src" / "dirgrad"
FILES = sorted(PACKAGE.rglob("*.py"))
COMPONENTS = [
    "directions",
    "candidates",
    "estimators",
    "optimizers",
    "problems",
    "units",
    "datasets",
]
OUTSIDE_BACKENDS = [path for path in FILES if "backends" not in path.parts]
FRAMEWORKS = {"jax", "torch"}

LINES_OF_A_FILE = 320
LINES_OF_A_COMPONENT = 150
LINES_OF_A_FUNCTION = 40
ENTRIES_OF_THE_PACKAGE = 14

UNSAFE = re.compile(r"\b(pickle|yaml\.load|eval\(|exec\(|shelve|marshal)\b")
COMMUNITY_ALIASES = {"np", "pd", "mpl", "alt", "pa", "pq", "pc", "pytree", "jnp"}


def path_in_package(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def lines_of_code(function: ast.FunctionDef, source: list[str]) -> int:
    """Count the lines of a function without its docstring, blank lines and comments."""
    numbers = set(range(function.lineno, function.end_lineno + 1))
    if ast.get_docstring(function):
        docstring = function.body[0]
        numbers -= set(range(docstring.lineno, docstring.end_lineno + 1))
    lines = [source[number - 1].strip() for number in numbers]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def uncommon_aliases(path: Path) -> list[str]:
    """Return the aliases that a file gives to imports, except those that are community custom."""
    imports = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    names = [name for statement in imports for name in statement.names if name.asname]
    return [
        f"{path_in_package(path)}: {name.name} as {name.asname}"
        for name in names
        if name.asname != name.name and name.asname not in COMMUNITY_ALIASES
    ]


@pytest.mark.parametrize("path", OUTSIDE_BACKENDS, ids=path_in_package)
def test_code_outside_the_backends_does_not_branch_on_the_framework(path: Path) -> None:
    comparisons = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Compare, ast.Match))
    ]
    constants = {
        str(node.value)
        for comparison in comparisons
        for node in ast.walk(comparison)
        if isinstance(node, ast.Constant)
    }
    assert not FRAMEWORKS & constants


@pytest.mark.parametrize("path", FILES, ids=path_in_package)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    source = text.splitlines()
    assert len(source) <= LINES_OF_A_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert lines_of_code(node, source) <= LINES_OF_A_FUNCTION, f"{node.name} is too long"


@pytest.mark.parametrize("path", FILES, ids=path_in_package)
def test_the_code_evaluates_no_text_and_unpickles_nothing(path: Path) -> None:
    assert not UNSAFE.search(path.read_text())


@pytest.mark.parametrize("folder", COMPONENTS)
def test_components_are_short_files(folder: str) -> None:
    for path in (PACKAGE / "components" / folder).glob("*.py"):
        assert len(path.read_text().splitlines()) <= LINES_OF_A_COMPONENT, path.name


@pytest.mark.parametrize("path", FILES, ids=path_in_package)
def test_public_modules_functions_and_classes_have_docstrings(path: Path) -> None:
    tree = ast.parse(path.read_text())
    component = path.parent.name in COMPONENTS
    primitives = "backends" in path.parts
    assert ast.get_docstring(tree) or component or path.name == "__main__.py"
    if primitives:
        return
    definitions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    for node in definitions:
        if not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_the_package_has_few_entries_at_its_top_level() -> None:
    # Git tracks no empty folders, and folders of removed modules may still hold a cache.
    paths = [path for path in PACKAGE.rglob("*") if path.is_file()]
    source_paths = [path for path in paths if "__pycache__" not in path.parts]
    entries = {path.relative_to(PACKAGE).parts[0] for path in source_paths}
    assert len(entries) <= ENTRIES_OF_THE_PACKAGE, sorted(entries)


def test_imports_have_no_alias_other_than_the_community_ones() -> None:
    aliases = [alias for path in FILES for alias in uncommon_aliases(path)]
    assert aliases == []
