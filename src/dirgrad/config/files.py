"""Configuration files: how they are read and merged, without validation."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from dirgrad.core.errors import UserError, nearest

COMMAND_LINE = "the command line"


class _Loader(yaml.CSafeLoader):
    """The safe loader of YAML, written in C, which also refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node; raise ConstructorError for a repeated key."""
        first_lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if key_node.value in first_lines and isinstance(key_node, yaml.ScalarNode):
                first = first_lines[key_node.value]
                raise _RepeatedKeyError(
                    f"'{key_node.value}' stands twice, in lines {first} and {line}"
                )
            first_lines[str(key_node.value)] = line
        return super().construct_mapping(node, deep)


class _RepeatedKeyError(ValueError):
    """A mapping has two entries of one key."""


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
    if "kind" in over and _kind(base) != over["kind"]:
        return dict(over)
    below = base if isinstance(base, Mapping) else {}
    merged = dict(below)
    for key, value in over.items():
        merged[key] = overlay(below.get(key, {}), value)
    return merged


def _kind(spec: Any) -> Any:
    """Return the kind of a component: its bare name, or the value of `kind`."""
    return spec.get("kind") if isinstance(spec, Mapping) else spec


def merge(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge mappings with `overlay`; later ones override earlier ones."""
    merged: dict[str, Any] = reduce(overlay, layers, {})
    return merged


def read(path: str | Path) -> dict[str, Any]:
    """Read one YAML or JSON file.

    Raises:
        UserError: If the file cannot be read, is not valid YAML, has a key twice or does not hold
            a mapping.
    """
    path = Path(path)
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        siblings = (sibling.name for sibling in path.parent.glob("*.yaml"))
        message = f"{path}: no such file: {nearest(path.name, siblings)}"
        raise UserError(message) from None
    except _RepeatedKeyError as error:
        raise UserError(f"{path}: {error}: keep one of them") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as YAML: {reason}") from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise UserError(f"{path}: the file must contain keys and values, not a {kind}")
    return content


def parse(text: str) -> Any:
    """Parse JSON or YAML.

    Raises:
        ValueError: A key stands twice.
        yaml.YAMLError: The text is neither.
    """
    # JSON first: YAML 1.1 would read the JSON number 5e-05 as text.
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError:
        return _Loader(text).get_single_data()


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs of a JSON object as a mapping; raise for a repeated key."""
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _RepeatedKeyError(f"'{key}' stands twice")
        content[key] = value
    return content
