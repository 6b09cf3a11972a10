"""Docstrings of options, the strings under the fields of a class.

They are read from the source when a page or a schema is written. Pydantic could read them when a
class is defined, but that would add a quarter of a second to the start of every command.
"""

import ast
import inspect
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic import BaseModel


@cache
def docstrings(cls: Any) -> dict[str, str]:
    """Return the docstrings of the fields of a class and of its parents, by name."""
    texts: dict[str, str] = {}
    parents = [base for base in reversed(cls.__mro__) if base not in (object, BaseModel)]
    for parent in parents:
        (definition,) = ast.parse(dedent(inspect.getsource(parent))).body
        body = getattr(definition, "body", [])
        for field, docstring in pairwise(body):
            text = _text(docstring)
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and text:
                texts[field.target.id] = inspect.cleandoc(text)
    return texts


def _text(node: ast.AST) -> str:
    """Return the text of a string that is a statement, or an empty string."""
    is_string = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    value = node.value.value if is_string else None  # type: ignore[attr-defined]
    return value if isinstance(value, str) else ""


def described(cls: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a class with the docstrings of its fields as descriptions."""
    texts = docstrings(cls)
    properties = {
        name: option | ({"description": texts[name]} if name in texts else {})
        for name, option in schema.get("properties", {}).items()
    }
    return schema | ({"properties": properties} if properties else {})
