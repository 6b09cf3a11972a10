"""Configuration files are read strictly, and merged as Snakemake merges them."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.config import files, validation
from dirgrad.core.errors import UserError
from support.configuration import CONFIG

# In `TREES` the keys `a` and `b` always contain mappings, and `x` and `y` always contain values.
# In `MAPPINGS` every key may contain either.
VALUES = st.one_of(st.none(), st.integers(0, 3), st.lists(st.integers(0, 3), max_size=2))
LEAVES = st.dictionaries(st.sampled_from("xy"), VALUES)


def with_branches(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings with values and with mappings from `inner`."""
    branches = st.dictionaries(st.sampled_from("ab"), inner)
    return st.builds(lambda leaves, subtrees: leaves | subtrees, LEAVES, branches)


def with_any_keys(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from("abxy"), inner)


TREES = st.recursive(LEAVES, with_branches, max_leaves=6)
MAPPINGS = with_any_keys(st.recursive(VALUES, with_any_keys, max_leaves=8))


# Overlays


@given(MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_an_empty_overlay_changes_nothing(base: dict[str, Any]) -> None:
    assert files.overlay(base, {}) == base
    assert files.overlay({}, base) == base


@given(MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_an_overlay_equal_to_the_base_changes_nothing(base: dict[str, Any]) -> None:
    assert files.overlay(base, base) == base


@given(TREES, TREES, TREES)
@settings(max_examples=50, deadline=None)
def test_overlays_with_a_common_structure_are_associative(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    assert files.overlay(files.overlay(a, b), c) == files.overlay(a, files.overlay(b, c))


@given(MAPPINGS, MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_an_overlay_equals_the_merge_of_snakemake(
    base: dict[str, Any], over: dict[str, Any]
) -> None:
    reason = "Snakemake is not installed"
    update = pytest.importorskip("snakemake.utils", reason=reason).update_config
    expected = deepcopy(base)
    update(expected, deepcopy(over))
    assert files.overlay(base, over) == expected


@given(MAPPINGS, MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_an_overlay_does_not_modify_its_arguments(
    base: dict[str, Any], over: dict[str, Any]
) -> None:
    before = deepcopy((base, over))
    files.overlay(base, over)
    assert (base, over) == before


@pytest.mark.parametrize("base", [{"kind": "mlp", "hidden": [5]}, "mlp", 3, None])
def test_another_kind_replaces_the_options_of_a_component(base: Any) -> None:
    cnn = {"kind": "cnn", "channels": 4}
    assert files.overlay({"problem": base}, {"problem": cnn}) == {"problem": cnn}


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ({"kind": "mlp", "repeat": 2}, {"kind": "mlp", "repeat": 2, "hidden": [5]}),
        ("mlp", {"kind": "mlp", "hidden": [5]}),
    ],
)
def test_the_same_kind_keeps_the_options_of_a_component(
    base: Any, expected: dict[str, Any]
) -> None:
    assert files.overlay(base, {"kind": "mlp", "hidden": [5]}) == expected


# Reading


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"tier: [1\n", "cannot be read as YAML: line 2: "),
        (b"\xff\xfe\x00", "line 1: byte 0xff is not UTF-8"),
        (b"- tier\n", "expected keys and values, not a list"),
        (b"tier\n", "expected keys and values, not text"),
        (b"", "expected keys and values, and there are none"),
        (b"# nothing\n", "expected keys and values, and there are none"),
        (b"tier: a\n---\ntier: b\n", "line 2: a second document begins: keep one of them"),
        (b"tier: a\nrun: {}\ntier: b\n", "'tier' stands twice, in lines 1 and 3: keep one of them"),
        (b"run: {threads: 1, threads: 2}", "'threads' stands twice, in lines 1 and 1: keep one"),
        (b"run:\n  a: 1\n  'a': 2\n", "'a' stands twice, in lines 2 and 3: keep one"),
        (b'{"tier": "a", "tier": "b"}', "'tier' stands twice: keep one of them"),
        (b'{"run": {"threads": 1, "threads": 1}}', "'threads' stands twice: keep one of them"),
    ],
)
def test_an_unreadable_file_is_reported_in_one_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        validation.load([path])
    assert str(error.value).startswith(f"{path}: {reason}")
    assert len(str(error.value).splitlines()) == 1


def test_the_error_for_a_missing_file_offers_the_nearest_name() -> None:
    with pytest.raises(UserError, match=r"smok\.yaml: no such file: did you mean 'smoke\.yaml'\?"):
        validation.load([CONFIG / "smok.yaml"])


def test_a_folder_without_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        validation.load([tmp_path / "config.yaml"])
    assert str(error.value) == f"{tmp_path}/config.yaml: no such file: {tmp_path} has no YAML file"


def test_a_directory_instead_of_a_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r": cannot be read: Is a directory$"):
        validation.load([tmp_path])
