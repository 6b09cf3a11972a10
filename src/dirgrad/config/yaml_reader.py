"""Strict reader of YAML and JSON text.

It reads the events of libyaml, so that three things of YAML 1.1 cannot surprise:

- Keys are text. A name may be `null`, `on` or `2026`.
- Numbers may have an exponent, as `1e-3`. Other words, dates and `010` are text.
- A key that stands twice, a second document, a tag for other types, deep nesting and aliases that
  stand for a large content are errors.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import yaml

from dirgrad.core.errors import one_line

Event: TypeAlias = Any
"""Event of libyaml; its classes have no types."""
MAX_DEPTH = 64
"""Largest number of mappings and lists around a value."""
TOO_DEEP = f"more than {MAX_DEPTH} levels of keys and lists"
MAX_VALUES = 1_000_000
"""Largest number of values after every alias is replaced by its content."""
MAX_DIGITS = 400
"""Largest number of characters of a number; the largest float has 309 digits."""
TAG = "tag:yaml.org,2002:"
"""Beginning of the tags of YAML itself, written as `!!` in a file."""
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null"), None),
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
"""Values of the words that are not text, in lower case."""
WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F]+)")
NUMBER = re.compile(
    r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))([eE][-+]?[0-9]+)?"
)
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class ContentError(ValueError):
    """A text that cannot be read; the message names the line."""


class _Node(NamedTuple):
    """A value, and the number of values that it consists of."""

    value: Any
    size: int


def parse(text: str) -> Any:
    """Read a text as JSON or YAML.

    Raises:
        ContentError: The text is neither, or has one of the surprises of this module.
    """
    try:
        # JSON first: libyaml reads neither a tab before a key nor a surrogate pair of JSON.
        content = json.loads(text, object_pairs_hook=_unique, parse_int=_whole_number)
        # Half of a surrogate pair has no encoding.
        json.dumps(content, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        return _parse_yaml(text)
    except UnicodeEncodeError:
        raise ContentError("a text holds half of a surrogate pair") from None
    except RecursionError:
        raise ContentError(TOO_DEEP) from None
    _require_depth(content, 0)
    return content


def _require_depth(content: Any, depth: int) -> None:
    """Raise if too many mappings and lists are around a value."""
    if depth > MAX_DEPTH:
        raise ContentError(TOO_DEEP)
    items = content.values() if isinstance(content, dict) else content
    for item in items if isinstance(content, dict | list) else ():
        _require_depth(item, depth + 1)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs of a JSON object as a mapping; raise for a repeated key."""
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise ContentError(f"'{key}' stands twice: keep one of them")
        content[key] = value
    return content


def _whole_number(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ContentError(f"a number has {len(text)} digits: at most {MAX_DIGITS} are read")
    return int(text)


def scalar(text: str) -> Any:
    """Return the value of an unquoted text in YAML: null, a boolean, a number or the text."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if len(text) > MAX_DIGITS:
        return text
    plain = text.replace("_", "")
    if WHOLE_NUMBER.fullmatch(text):
        return int(plain, 16 if "x" in plain else 10)
    if NUMBER.fullmatch(text):
        return float(plain)
    if NOT_FINITE.fullmatch(text):
        return float(plain.replace(".", ""))
    return text


def _parse_yaml(text: str) -> Any:
    events = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
    try:
        next(events)
        if not isinstance(next(events), yaml.DocumentStartEvent):
            return None
        content = _node(next(events), events, {}, 0).value
        next(events)
        second = next(events)
    except yaml.YAMLError as error:
        raise ContentError(f"cannot be read as YAML: {_reason(error)}") from None
    if isinstance(second, yaml.DocumentStartEvent):
        raise _error(second, "a second document begins: keep one of them")
    return content


def _reason(error: Any) -> str:
    """Return an error of libyaml as one sentence."""
    if getattr(error, "problem_mark", None) is None:
        return one_line(error)
    line = error.problem_mark.line + 1
    return " ".join(filter(None, (f"line {line}:", error.problem, error.context)))


def _error(event: Event, text: str) -> ContentError:
    return ContentError(f"line {_line(event)}: {text}")


def _line(event: Event) -> int:
    line: int = event.start_mark.line + 1
    return line


def _node(event: Event, events: Iterator[Event], anchors: dict[str, _Node], depth: int) -> _Node:
    """Return the value that begins with an event.

    Args:
        event: First event of the value.
        events: The events after it.
        anchors: Values with an anchor by its name; a value with an anchor is added.
        depth: Number of mappings and lists around the value.
    """
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            text = f"the alias *{event.anchor} stands before the end of its anchor, or has none"
            raise _error(event, text)
        return anchors[event.anchor]
    if depth > MAX_DEPTH:
        raise _error(event, TOO_DEEP)
    if isinstance(event, yaml.ScalarEvent):
        node = _Node(_scalar_value(event), 1)
    else:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        _require_tag(event, "map" if is_mapping else "seq")
        node = (_mapping if is_mapping else _sequence)(events, anchors, depth + 1)
    if node.size > MAX_VALUES:
        raise _error(event, f"aliases stand for more than {MAX_VALUES} values")
    if event.anchor:
        anchors[event.anchor] = node
    return node


def _require_tag(event: Event, *allowed: str) -> None:
    """Raise if a value has a tag for a type that a configuration does not have."""
    if event.tag not in (None, "!", *(TAG + name for name in allowed)):
        tag = event.tag.replace(TAG, "!!")
        raise _error(event, f"the tag {tag} does not fit the value after it: remove it")


def _scalar_value(event: Event) -> Any:
    """Return the value of a scalar: text if it is in quotation marks or has the tag !!str."""
    _require_tag(event, "str", "int", "float", "bool", "null")
    if event.tag in ("!", f"{TAG}str") or not (event.implicit[0] or event.tag):
        return event.value
    value = scalar(event.value)
    kind = {str: "str", bool: "bool", int: "int", float: "float"}.get(type(value), "null")
    if event.tag == f"{TAG}float" and kind == "int":
        return float(value)
    _require_tag(event, kind)
    return value


def _sequence(events: Iterator[Event], anchors: dict[str, _Node], depth: int) -> _Node:
    nodes = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        nodes.append(_node(event, events, anchors, depth))
    return _Node([node.value for node in nodes], 1 + sum(node.size for node in nodes))


def _mapping(events: Iterator[Event], anchors: dict[str, _Node], depth: int) -> _Node:
    """Return a mapping; the keys of a merge key `<<` come after its own ones."""
    content: dict[str, Any] = {}
    lines: dict[str, int] = {}
    merged: dict[str, Any] = {}
    size = 1
    event: Event
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        if not isinstance(event, yaml.ScalarEvent):
            raise _error(event, "a key must be text, not an alias, a list or a mapping")
        key, line = event.value, _line(event)
        if key in lines:
            raise ContentError(
                f"'{key}' stands twice, in lines {lines[key]} and {line}: keep one of them"
            )
        lines[key] = line
        node = _node(next(events), events, anchors, depth)
        size += node.size
        if key == "<<" and event.implicit[0]:
            merged = _merged(event, node.value)
        else:
            content[key] = node.value
    return _Node(merged | content, size)


def _merged(event: Event, value: Any) -> dict[str, Any]:
    """Return the keys of a merge key; of several mappings the first one has priority."""
    mappings = value if isinstance(value, list) else [value]
    merged: dict[str, Any] = {}
    for mapping in reversed(mappings):
        if not isinstance(mapping, dict):
            raise _error(event, "<< needs a mapping, or a list of mappings")
        merged |= mapping
    return merged
