"""Error messages about the configuration: file, key, mistake and valid alternatives."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from dirgrad.core.errors import nearest

Location = tuple[Any, ...]
Layers = Mapping[str, Mapping[str, Any]]
AllowedKeys = Callable[[Location], Iterable[str]]


def format_errors(errors: Sequence[Any], layers: Layers, keys: AllowedKeys) -> str:
    """Format errors of pydantic, one line per location.

    Args:
        errors: Errors of a pydantic ValidationError.
        layers: Configuration files by name; later ones override earlier ones.
        keys: Function that returns the keys allowed at a location.
    """
    messages: dict[Location, list[str]] = {}
    for location, message in _flatten(errors, (), keys):
        messages.setdefault(location, []).append(message)
    lines = []
    for location, alternatives in messages.items():
        text = "; or ".join(dict.fromkeys(alternatives))
        lines.append(format_error(location, text, layers))
    return "\n".join(lines)


def format_error(location: Location, text: str, layers: Layers) -> str:
    """Format one error as `file: key: text`, with the last file that sets the key."""
    depths = {file: _matched_keys(content, location) for file, content in layers.items()}
    file = max(reversed(depths), key=lambda name: depths[name], default="config")
    return f"{file}: {'.'.join(map(str, location))}: {text}"


def _matched_keys(content: Any, location: Location) -> int:
    """Return how many leading keys of a location a layer sets."""
    for depth, key in enumerate(location):
        if not isinstance(content, Mapping):
            # A list or the bare name of a component replaces all the values below it.
            return len(location)
        if key not in content:
            return depth
        content = content[key]
    return len(location)


def _flatten(
    errors: Sequence[Any], parent: Location, keys: AllowedKeys
) -> Iterator[tuple[Location, str]]:
    """Yield each error with its full location, including the nested errors of components."""
    for error in errors:
        kind = error["type"]
        location = (*parent, *error["loc"])
        if kind == "options":
            context = error["ctx"]
            allowed_keys = partial(_always, context["allowed"])
            yield from _flatten(context["errors"], location, allowed_keys)
        elif kind == "too_short" and error["input"]:
            # The list is not empty: its invalid items are reported separately.
            continue
        elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
            *section, key = location
            hint = nearest(str(key), keys(tuple(section)))
            yield location, f"unknown key: {hint}"
        else:
            # For a union, pydantic appends the name of each member; the user wrote only the key.
            written = tuple(key for key in location if not _is_union_member(key))
            yield written, _message(error)


def _always(allowed: Sequence[str], _: Location) -> Sequence[str]:
    return allowed


def _is_union_member(key: Any) -> bool:
    pattern = r"[\[\]-]|constrained|literal|^int$|^float$|^str$"
    return isinstance(key, str) and bool(re.search(pattern, key))


def _message(error: Any) -> str:
    kind = error["type"]
    value = error["input"]
    if kind in ("missing", "missing_argument"):
        return "the key is missing"
    if kind == "component":
        return str(error["msg"])
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "literal_error" and isinstance(value, str):
        allowed = re.findall("'([^']*)'", error["ctx"]["expected"])
        return f"unknown value '{value}': {nearest(value, allowed)}"
    text = str(error["msg"])
    return f"{text[0].lower()}{text[1:]}, got {value!r}{_hint(kind, value)}"


def _hint(kind: str, value: Any) -> str:
    if kind not in ("float_type", "int_type") or not isinstance(value, str):
        return ""
    if not re.fullmatch(r"[-+]?\d+[eE][-+]?\d+", value):
        return ""
    mantissa, exponent = re.split("[eE]", value)
    return f" (YAML reads {value} as text: write {mantissa}.0e{exponent})"
