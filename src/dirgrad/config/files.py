"""Configuration files: how they are read and merged, without validation."""

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from dirgrad.core.errors import UserError, nearest

COMMAND_LINE = "the command line"


def overlay(base: Any, over: Any) -> Any:
    """Return `base` updated by `over`, as Snakemake merges configurations.

    Mappings are merged key by key; any other value of `over` replaces the value of `base`. An
    empty mapping changes nothing.
    """
    if not isinstance(over, Mapping):
        return over
    if not over:
        return base
    below = base if isinstance(base, Mapping) else {}
    merged = dict(below)
    for key, value in over.items():
        merged[key] = overlay(below.get(key, {}), value)
    return merged


def read(path: str | Path) -> dict[str, Any]:
    """Read one YAML or JSON file.

    Raises:
        UserError: If the file cannot be read, is not valid YAML or does not hold a mapping.
    """
    path = Path(path)
    try:
        content = _parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        siblings = (sibling.name for sibling in path.parent.glob("*.yaml"))
        message = f"{path}: no such file: {nearest(path.name, siblings)}"
        raise UserError(message) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as YAML: {reason}") from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise UserError(f"{path}: the file must contain keys and values, not a {kind}")
    return content


def _parse(text: str) -> Any:
    """Parse JSON or YAML."""
    # JSON first: YAML 1.1 would read the JSON number 5e-05 as text.
    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def layers(raw: Mapping[str, Any], paths: Sequence[str | Path]) -> dict[str, Mapping[str, Any]]:
    """Split a merged configuration into its layers, by name.

    Returns:
        The content of each file, then under COMMAND_LINE the values that `raw` adds or changes.
    """
    contents: dict[str, Mapping[str, Any]] = {str(path): read(path) for path in paths}
    merged: dict[str, Any] = reduce(overlay, contents.values(), {})
    return contents | {COMMAND_LINE: _difference(raw, merged)}


def _difference(over: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys and values of `over` that `base` lacks or that differ there."""
    difference: dict[str, Any] = {}
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping):
            inner = _difference(value, base[key])
            if inner:
                difference[key] = inner
        elif key not in base or value != base[key]:
            difference[key] = value
    return difference
