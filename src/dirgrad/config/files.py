"""Configuration files: how they are read and merged, without validation."""

from collections.abc import Iterable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from dirgrad.config import yaml_reader
from dirgrad.core.errors import UserError, nearest

COMMAND_LINE = "the command line"
TYPES = {list: "a list", str: "text", bool: "true or false"}
"""Names of contents that are not keys and values, by type."""


def overlay(base: Any, over: Any) -> Any:
    """Return `base` updated by `over`.

    Mappings are merged key by key; any other value of `over` replaces the value of `base`. An
    empty mapping changes nothing. A mapping with another `kind` replaces the mapping of `base`,
    because the options of one component mean nothing to another.
    """
    if not isinstance(over, Mapping):
        return over
    if not over:
        return base
    if replaces(over, base):
        return dict(over)
    below = base if isinstance(base, Mapping) else {}
    merged = dict(below)
    for key, value in over.items():
        merged[key] = overlay(below.get(key, {}), value)
    return merged


def replaces(over: Mapping[str, Any], base: Any) -> bool:
    """Return whether `over` is a component of another kind than `base`."""
    return "kind" in over and _kind(base) != over["kind"]


def _kind(spec: Any) -> Any:
    """Return the kind of a component: its bare name, or the value of `kind`."""
    return spec.get("kind") if isinstance(spec, Mapping) else spec


def merge(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge mappings with `overlay`; later ones override earlier ones."""
    merged: dict[str, Any] = reduce(overlay, layers, {})
    return merged


def with_yaml_values(content: Any, locations: Iterable[tuple[Any, ...]]) -> Any:
    """Return a copy of `content` in which the texts at some locations are read as YAML scalars.

    Args:
        content: Nested mappings and lists.
        locations: Keys and indices from the top to a value; other locations are ignored.
    """
    if () in (locations := [*locations]):
        return yaml_reader.scalar(content) if isinstance(content, str) else content
    below: dict[Any, list[tuple[Any, ...]]] = {}
    for key, *rest in locations:
        below.setdefault(key, []).append(tuple(rest))
    if isinstance(content, Mapping):
        return {key: with_yaml_values(item, below.get(key, ())) for key, item in content.items()}
    if isinstance(content, list):
        return [with_yaml_values(item, below.get(i, ())) for i, item in enumerate(content)]
    return content


def read(path: str | Path) -> dict[str, Any]:
    """Read one YAML or JSON file.

    Raises:
        UserError: The file cannot be read, or its text cannot be parsed by `parse`.
    """
    path = Path(path)
    try:
        return parse(_text(path), str(path))
    except FileNotFoundError:
        siblings = [sibling.name for sibling in path.parent.glob("*.yaml")]
        hint = nearest(path.name, siblings) if siblings else f"{path.parent} has no YAML file"
        raise UserError(f"{path}: no such file: {hint}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def parse(text: str, place: str) -> dict[str, Any]:
    """Read keys and values from a text in YAML or JSON.

    Args:
        text: The text.
        place: Name of its file, for messages.

    Raises:
        UserError: The text is not valid YAML, has a key twice or does not hold a mapping.
    """
    try:
        content = yaml_reader.parse(text)
    except yaml_reader.ContentError as error:
        raise UserError(f"{place}: {error}") from None
    if content is None:
        raise UserError(f"{place}: expected keys and values, and there are none")
    if not isinstance(content, dict):
        kind = TYPES.get(type(content), "a number")
        raise UserError(f"{place}: expected keys and values, not {kind}")
    return content


def _text(path: Path) -> str:
    """Return the text of a file; raise UserError if it is not encoded in UTF-8."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise UserError(f"{path}: line {line}: byte {byte:#04x} is not UTF-8") from None
