"""Error messages about the configuration: file, key, mistake and valid alternatives."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import isfinite, isnan
from typing import Any, TypeAlias

from dirgrad.config.files import merge, overlay, replaces
from dirgrad.config.yaml_reader import MAX_DIGITS, scalar
from dirgrad.core.errors import cut, nearest

Location = tuple[Any, ...]
Layers = Mapping[str, Mapping[str, Any]]
Mistake: TypeAlias = tuple[tuple[str | int, ...], str]
"""Location of a mistake in the configuration, and a message."""
AllowedKeys = Callable[[Location], Iterable[str]]
LONG_NAME = re.compile(r"'([^']{100,})'")
EXPECTED = {
    **dict.fromkeys(("model_type", "dataclass_type", "dict_type"), "expected keys and values"),
    **dict.fromkeys(("list_type", "tuple_type"), "expected a list"),
    **dict.fromkeys(("int_type", "int_from_float"), "expected a whole number"),
    "int_parsing_size": "expected a smaller whole number",
    "float_type": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "string_pattern_mismatch": "expected a lower-case letter, then lower-case letters, digits or _",
    "string_too_short": "expected text",
    "string_too_long": "expected at most {max_length} characters",
    "too_short": "expected a list of at least {min_length} item",
    "too_long": "expected a list of at most {max_length} items",
    "greater_than": "expected a number above {gt}",
    "greater_than_equal": "expected a number of at least {ge}",
    "less_than": "expected a number below {lt}",
    "less_than_equal": "expected a number of at most {le}",
}
"""Names of the expected value in the words of YAML, by the type of pydantic's error."""


def format_errors(errors: Sequence[Any], layers: Layers, keys: AllowedKeys) -> str:
    """Format errors of pydantic, one line per location.

    Args:
        errors: Errors of a pydantic ValidationError.
        layers: Configuration files by name; later ones override earlier ones.
        keys: Function that returns the keys allowed at a location.
    """
    messages: dict[Location, list[str]] = {}
    invalid_names = set()
    for location, message in _flatten(errors, merge(layers.values()), keys):
        if location[-1:] == ("[key]",):
            location = location[:-1]
            invalid_names.add(location)
        messages.setdefault(location, []).append(message)
    # What stands under an invalid name is looked at when the name is valid. Of a union only the
    # member is reported that read further.
    within = {parent for location in messages for parent in _parents(location)}
    reported = {
        location: _joined(alternatives)
        for location, alternatives in messages.items()
        if location in invalid_names
        or not (location in within or invalid_names.intersection(_parents(location)))
    }
    return "\n".join(format_error(*message, layers) for message in reported.items())


def _parents(location: Location) -> list[Location]:
    return [location[:depth] for depth in range(len(location))]


def _joined(alternatives: Iterable[str]) -> str:
    """Return the messages of all members of a union as one message."""
    distinct = [*dict.fromkeys(alternatives)]
    parts = [text.removeprefix("expected ").rpartition(", got ") for text in distinct]
    same_value = len({value for _, _, value in parts}) == 1
    if same_value and all(text.startswith("expected ") for text in distinct):
        return f"expected {' or '.join(part for part, _, _ in parts)}, got {parts[0][2]}"
    return "; or ".join(distinct)


def locations(errors: Sequence[Any], layers: Layers) -> tuple[Location, ...]:
    """Return the locations of errors of pydantic, including those within components."""
    flat = _flatten(errors, merge(layers.values()), lambda _: ())
    return tuple(location for location, _ in flat)


def format_error(location: Location, text: str, layers: Layers) -> str:
    """Format one error as `file: key: text`, with the last file that sets the key."""
    file = "config"
    depth = 0
    before: Any = None
    for name, content in layers.items():
        if not content:
            continue
        matched = _matched_keys(content, location, before)
        file, depth = (name, matched) if matched >= depth else (file, depth)
        before = overlay(before or {}, content)
    key = ".".join(cut(str(part)) for part in location)
    text = LONG_NAME.sub(lambda match: f"'{cut(match[1])}'", text)
    return printable(f"{file}: {key}: {text}" if location else f"{file}: {text}")


def _matched_keys(content: Any, location: Location, before: Any) -> int:
    """Return how many leading keys of a location a layer sets; `before` holds the layers below."""
    for depth, key in enumerate(location):
        if not isinstance(content, Mapping) or replaces(content, before):
            # A list, the bare name of a component or another kind replaces all values below it.
            return len(location)
        if key not in content:
            return depth
        content = content[key]
        before = before.get(key) if isinstance(before, Mapping) else None
    return len(location)


def shown(value: Any) -> str:
    """Return a value as YAML has it, in one line and cut where it is long."""
    if isinstance(value, float) and not isfinite(value):
        return ".nan" if isnan(value) else f"{value:+}".replace("+", "").replace("inf", ".inf")
    if isinstance(value, str):
        return cut(repr(value))
    return cut(json.dumps(value, ensure_ascii=False, default=str))


def printable(text: str) -> str:
    """Return a text in one line, with escapes for line breaks and other control characters."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _flatten(
    errors: Sequence[Any], content: Any, keys: AllowedKeys, parent: Location = ()
) -> Iterator[tuple[Location, str]]:
    """Yield each error with its full location, including the nested errors of components."""
    for error in errors:
        kind = error["type"]
        location = _written((*parent, *error["loc"]), content)
        if kind == "options":
            context = error["ctx"]
            allowed_keys = partial(_always, context["allowed"])
            yield from _flatten(context["errors"], content, allowed_keys, location)
        elif kind == "too_short" and error["input"]:
            # The list is not empty: its invalid items are reported separately.
            continue
        elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
            *section, key = location
            hint = nearest(str(key), keys(tuple(section)))
            yield location, f"unknown key: {hint}"
        elif kind in ("missing", "missing_argument") and isinstance(error["loc"][-1], int):
            yield location, "the list is too short"
        elif kind in ("missing", "missing_argument"):
            yield (*location, error["loc"][-1]), "the key is missing"
        else:
            yield location, _message(error)


def _always(allowed: Sequence[str], _: Location) -> Sequence[str]:
    return allowed


def _written(location: Location, content: Any) -> Location:
    """Return a location without what the user did not write.

    Pydantic adds the names of the members of a union, and the index of a value that is not in a
    list. The mark of an invalid name, `[key]`, is kept.
    """
    written: list[Any] = []
    for key in location:
        is_index = isinstance(content, list | tuple) and isinstance(key, int) and key < len(content)
        if is_index or (isinstance(content, Mapping) and key in content):
            written.append(key)
            content = content[key]
    return (*written, *location[-1:]) if location[-1:] == ("[key]",) else tuple(written)


def _message(error: Any) -> str:
    kind = error["type"]
    value = error["input"]
    if kind == "component":
        return str(error["msg"])
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "literal_error":
        allowed = [word.strip("'") for word in re.split(", | or ", error["ctx"]["expected"])]
        if isinstance(value, str):
            return f"unknown value {shown(value)}: {nearest(value, allowed)}"
        return f"expected {' or '.join(allowed)}, got {shown(value)}"
    text = str(error.get("msg", ""))
    expected = f"{text[:1].lower()}{text[1:]}"
    if kind in EXPECTED:
        context = error.get("ctx", {})
        limits = {name: _integer(limit) for name, limit in context.items()}
        expected = EXPECTED[kind].format(**limits)
    return f"{expected}, got {shown(value)}{_hint(kind, value)}"


def _integer(limit: Any) -> Any:
    """Return a limit without the point of a whole number."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _hint(kind: str, value: Any) -> str:
    """Return the remedy for a value that YAML reads as another type than the user meant."""
    if kind in ("int_type", "float_type") and isinstance(value, str) and len(value) > MAX_DIGITS:
        return f": {len(value)} characters are too many for a number"
    if kind in ("int_type", "float_type", "bool_type") and isinstance(value, str):
        return "" if isinstance(scalar(value), str) else ": remove the quotation marks"
    if kind in ("int_type", "int_from_float") and isinstance(value, float):
        return f": write {value:.0f}" if value.is_integer() and abs(value) < 1e15 else ""
    if kind == "string_type" and isinstance(value, bool):
        words = "yes, on and true" if value else "no, off and false"
        return f": YAML reads {words} as {shown(value)}, so put the text in quotation marks"
    if kind == "string_type" and isinstance(value, int | float):
        return ": put the text in quotation marks"
    return ""
