"""Configuration files, read and laid over each other; nothing is validated here."""

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from dirgrad.core.errors import UserError, nearest

COMMAND_LINE = "the command line"


def overlay(base: Any, over: Any) -> Any:
    """`over` laid over `base`: mappings are merged key by key, all else is replaced. As Snakemake does it, for which an
    empty mapping changes nothing."""
    if not isinstance(over, Mapping):
        return over
    if not over:
        return base
    below = base if isinstance(base, Mapping) else {}
    return {**below, **{key: overlay(below.get(key, {}), value) for key, value in over.items()}}


def read(path: str | Path) -> dict[str, Any]:
    """One YAML (or JSON) file. Raises UserError where it cannot be read, is no YAML or is no mapping."""
    path = Path(path)
    try:
        content = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file: {nearest(path.name, (p.name for p in path.parent.glob('*.yaml')))}"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(
            f"{path}: cannot be read as YAML: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(content, dict):
        raise UserError(
            f"{path}: the file must hold keys and values, not a {type(content).__name__}"
        )
    return content


def _parsed(text: str) -> Any:
    """JSON as JSON, since YAML would read its 5e-05 as text; all else as YAML."""
    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def layers(raw: Mapping[str, Any], paths: Sequence[str | Path]) -> dict[str, Mapping[str, Any]]:
    """The files as layers by name, and as a last one what the command line laid over them."""
    found: dict[str, Mapping[str, Any]] = {str(path): read(path) for path in paths}
    return found | {COMMAND_LINE: _difference(raw, reduce(overlay, found.values(), {}))}


def _difference(over: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """What was laid over `base` to make `over`."""
    found: dict[str, Any] = {}
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping):
            found |= {key: inner} if (inner := _difference(value, base[key])) else {}
        elif key not in base or value != base[key]:
            found[key] = value
    return found
