"""New component files and their tests, made from built-in components.

A new component starts as a copy of a built-in one, so it runs as it is. The copy is made from the
built-in file itself, and cannot be out of date.
"""

import io
import tokenize
from pathlib import Path

from dirgrad.components import registry
from dirgrad.components.component_files import PROTOCOLS, is_valid_name
from dirgrad.core.errors import UserError, nearest

EXAMPLES = {
    "estimators": "forward_gradient",
    "directions": "laplace",
    "candidates": "mixture",
    "problems": "rosenbrock",
    "units": "gru",
    "datasets": "copy",
    "optimizers": "adam",
}
"""The component that a new one is a copy of, by folder."""
TEST = '''"""`{name}` passes the checks that `dirgrad check` prints."""

{imports}from dirgrad.components import examples, registry
from dirgrad.runs.check.component import check_component, installed
from dirgrad.runs.check.findings import failures


def test_{name}_passes_every_check() -> None:
{add}    component = registry.parse("{folder}", examples.specification("{folder}", "{name}"))
    findings = check_component("{folder}", component, installed())
    assert failures(findings) == ()
'''


def folder_of_kind(kind: str) -> str:
    """Return the folder of a kind of component, such as `estimators` for `estimator`.

    Raises:
        UserError: The kind is unknown.
    """
    kinds = {folder[:-1]: folder for folder in PROTOCOLS}
    if kind not in kinds:
        raise UserError(f"unknown kind of component '{kind}': {nearest(kind, kinds)}")
    return kinds[kind]


def require_free(folder: str, name: str) -> None:
    """Check that a new component may have a name.

    Raises:
        UserError: The name is not valid, or another component of the folder has it.
    """
    if not is_valid_name(name):
        raise UserError(
            f"'{name}' is not a valid name for a component: "
            "begin with a lower-case letter, and use lower-case letters, digits and _"
        )
    if name in registry.names(folder):
        free = registry.free_name(folder, name)
        raise UserError(f"the {folder[:-1]} '{name}' exists: choose another name, such as '{free}'")


def component_text(folder: str, name: str, example: str) -> str:
    """Return the source of a built-in component, with another name for its class.

    Raises:
        UserError: The folder has no built-in component `example`.
    """
    if example not in registry.built_in(folder):
        hint = nearest(example, registry.built_in(folder))
        raise UserError(f"unknown {folder[:-1]} '{example}': {hint}")
    source = (Path(__file__).with_name(folder) / f"{example}.py").read_text(encoding="utf-8")
    return _renamed(source, registry.load(folder, example).__name__, class_name(name))


def class_name(name: str) -> str:
    """Return the name of the class of a component, such as MyLaw for my_law."""
    return "".join(part.capitalize() for part in name.split("_"))


def _renamed(source: str, old: str, new: str) -> str:
    """Return Python source in which a name is replaced, but not in text and comments."""
    lines = source.splitlines(keepends=True)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    places = [token.start for token in tokens if token[:2] == (tokenize.NAME, old)]
    for row, column in reversed(places):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + new + line[column + len(old) :]
    return "".join(lines)


def test_text(folder: str, name: str, outside: bool) -> str:
    """Return the source of the test of a new component.

    Args:
        folder: Folder of the component.
        name: Name of the component.
        outside: Whether the file lies outside this package, as ../FOLDER/NAME.py from the test.
    """
    imports = "from pathlib import Path\n\n" if outside else ""
    file = f'Path(__file__).parents[1] / "{folder}" / "{name}.py"'
    add = f"    registry.add({file})\n" if outside else ""
    return TEST.format(name=name, folder=folder, imports=imports, add=add)
