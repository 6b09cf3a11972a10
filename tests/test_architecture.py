"""The house keeps its rules: rooms, names, sizes. What may import what is checked by import-linter."""

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


def ids(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", OUTSIDE_BACKENDS, ids=ids)
def test_no_code_outside_the_backends_asks_which_framework_it_runs_in(path: Path) -> None:
    compared = [
        node.value
        for comparison in ast.walk(ast.parse(path.read_text()))
        if isinstance(comparison, (ast.Compare, ast.Match))
        for node in ast.walk(comparison)
        if isinstance(node, ast.Constant)
    ]
    assert not {"jax", "torch"} & set(map(str, compared))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_file_is_a_room_and_a_function_fits_on_a_screen(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 320
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 45, f"{node.name} is too long"


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_nothing_is_evaluated_or_unpickled(path: Path) -> None:
    assert not re.search(r"\b(pickle|yaml\.load|eval\(|exec\(|shelve|marshal)\b", path.read_text())


@pytest.mark.parametrize("folder", COMPONENTS)
def test_a_component_is_one_short_file(folder: str) -> None:
    for path in (PACKAGE / "components" / folder).glob("*.py"):
        assert len(path.read_text().splitlines()) <= 90, path.name


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_what_is_public_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    component = path.parent.name in COMPONENTS
    primitives = "backends" in path.parts
    assert ast.get_docstring(tree) or component or path.name == "__main__.py"
    for node in tree.body:
        if (
            isinstance(node, (ast.FunctionDef, ast.ClassDef))
            and not node.name.startswith("_")
            and not primitives
        ):
            assert ast.get_docstring(node), f"{node.name} has no docstring"
