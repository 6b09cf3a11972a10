"""Mistakes in the configuration, each said in one sentence: the file, the key, what is wrong, what would be right."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from dirgrad.core.errors import nearest

Location = tuple[Any, ...]
Layers = Mapping[str, Mapping[str, Any]]


def format_errors(
    errors: Sequence[Any], layers: Layers, keys: Callable[[Location], Iterable[str]]
) -> str:
    """One line per error of pydantic. layers: files by name, the later laid over the earlier. keys: what is allowed where."""
    texts: dict[Location, list[str]] = {}
    for at, text in _flat(errors, (), keys):
        texts.setdefault(at, []).append(text)
    return "\n".join(
        format_error(at, "; or ".join(dict.fromkeys(one)), layers) for at, one in texts.items()
    )


def format_error(at: Location, text: str, layers: Layers) -> str:
    """file: key: text."""
    depth = {file: _depth(content, at) for file, content in layers.items()}
    file = max(reversed(depth), key=lambda name: depth[name], default="config")
    return f"{file}: {'.'.join(map(str, at))}: {text}"


def _depth(content: Any, at: Location) -> int:
    """How many keys of a location a layer holds."""
    for depth, key in enumerate(at):
        if not isinstance(content, Mapping):
            # A list, or a component by its name alone: it replaced as a whole whatever stood below it.
            return len(at)
        if key not in content:
            return depth
        content = content[key]
    return len(at)


def _flat(
    errors: Sequence[Any], at: Location, keys: Callable[[Location], Iterable[str]]
) -> Iterator[tuple[Location, str]]:
    for error in errors:
        location = (*at, *error["loc"])
        if error["type"] == "options":
            context = error["ctx"]
            yield from _flat(context["errors"], location, partial(_always, context["allowed"]))
        elif error["type"] == "too_short" and error["input"]:
            continue  # Not empty as it was given: its items are reported themselves.
        elif error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            yield location, f"unknown key: {nearest(str(location[-1]), keys(location[:-1]))}"
        else:
            # A union reports each of its members behind the key; the key is what the user wrote.
            yield tuple(key for key in location if not _is_member(key)), _text(error)


def _always(allowed: Sequence[str], _: Location) -> Sequence[str]:
    return allowed


def _is_member(key: Any) -> bool:
    return isinstance(key, str) and bool(
        re.search(r"[\[\]-]|constrained|literal|^int$|^float$|^str$", key)
    )


def _text(error: Any) -> str:
    kind, given = error["type"], error["input"]
    if kind in ("missing", "missing_argument"):
        return "the key is missing"
    if kind == "component":
        return str(error["msg"])
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "literal_error" and isinstance(given, str):
        return f"unknown value '{given}': " + nearest(
            given, re.findall("'([^']*)'", error["ctx"]["expected"])
        )
    text = f"{str(error['msg'])[0].lower()}{str(error['msg'])[1:]}, got {given!r}"
    return text + _hint(kind, given)


def _hint(kind: str, given: Any) -> str:
    if (
        kind in ("float_type", "int_type")
        and isinstance(given, str)
        and re.fullmatch(r"[-+]?\d+[eE][-+]?\d+", given)
    ):
        mantissa, exponent = re.split("[eE]", given)
        return f" (YAML reads {given} as text: write {mantissa}.0e{exponent})"
    return ""
