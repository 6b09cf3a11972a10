"""YAML is read strictly: keys and dates are text, numbers may have an exponent."""

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.config import yaml_reader
from dirgrad.config.yaml_reader import ContentError, parse

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
NUMBERS = [
    *[("1e6", 1e6), ("1.0e6", 1e6), ("1.5E3", 1500.0), ("5.e6", 5e6), (".5e3", 500.0)],
    *[("2e-3", 2e-3), ("1.0e+6", 1e6), ("-1e-3", -1e-3), ("+2E+2", 200.0), ("0.5", 0.5)],
    *[("1_000", 1000), ("0x10", 16), ("-3", -3), ("0", 0), ("1.", 1.0), (".inf", math.inf)],
]
TEXTS = ("2020-01-01", "010", "1:30", "1.2.3", "e6", "1e", "0b1", "=", "1,5", "inf", "nan")
REFUSED = {
    "extra: &x {y: *x}": "line 1: the alias *x stands before the end of its anchor, or has none",
    "&x [*x]": "line 1: the alias *x stands",
    "a: *nowhere": "line 1: the alias *nowhere stands",
    "a: 1\nb: " + "[" * 100_000: "line 2: more than 64 levels",
    '{"a":' * 100 + "1" + "}" * 100: "more than 64 levels",
    '{"a":' * 3000 + "1" + "}" * 3000: "more than 64 levels",
    LAUGHS: "aliases stand for more than 1000000 values",
    "? [a]\n: 1": "line 1: a key must be text",
    "a: 1\n*a : 2": "line 2: a key must be text",
    "a: !!python/object/apply:os.system [ls]": "line 1: the tag !!python/object/apply:os.system",
    "a: !!int x": "line 1: the tag !!int does not fit",
    "a: !!set {b}": "line 1: the tag !!set does not fit",
    "a: {<<: 3}": "line 1: << needs a mapping",
    "run:\n\tthreads: 1": "cannot be read as YAML: line 2: found character",
    'a: "\\ud800"': "cannot be read as YAML: line 1: ",
    '{"a": "\\ud800"}': "a text holds half of a surrogate pair",
    '{"a": 1' + "0" * 5000 + "}": "a number has 5001 digits",
    "a: b\x00": "cannot be read as YAML: ",
}
# Text that a file in UTF-8 can hold.
WORDS = st.text(st.characters(codec="utf-8"), max_size=5)
CONTENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_a_number_has_any_notation(text: str, number: float) -> None:
    value = parse(f"a: [{text}]")["a"][0]
    assert (value, type(value)) == (number, type(number))


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_decimal_number_is_text(text: str) -> None:
    assert parse(f"a: {text}") == {"a": text}


@pytest.mark.parametrize("key", ["null", "true", "on", "1", "1.5", "2020-01-01", "~"])
def test_a_key_is_text(key: str) -> None:
    assert parse(f"{key}: 1") == {key: 1}


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=range(len(REFUSED)))
def test_surprises_are_refused_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(ContentError) as error:
        parse(text)
    assert str(error.value).startswith(message) or message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_number_with_too_many_digits_stays_text() -> None:
    assert parse("a: 1" + "0" * 5000) == {"a": "1" + "0" * 5000}


def test_aliases_and_merge_keys_are_replaced_by_their_content() -> None:
    text = "x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}\nz: {<<: [{a: 5}, *x]}\nw: *x"
    expected = {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}, "z": {"a": 5, "b": 2}}
    assert parse(text) == expected | {"w": {"a": 1, "b": 2}}


@given(CONTENTS)
@settings(max_examples=100, deadline=None)
def test_yaml_and_json_hold_the_same_values(content: Any) -> None:
    assert parse(json.dumps({"a": content})) == {"a": content}
    assert parse(yaml.safe_dump({"a": content})) == {"a": content}


def test_a_quoted_number_is_text() -> None:
    assert parse("a: ['1e-3', \"null\", !!str 3, ! 4]") == {"a": ["1e-3", "null", "3", "4"]}
    assert yaml_reader.scalar("1e-3") == 1e-3
