"""Configuration files are read, merged as Snakemake merges them, and split into layers again."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.config import files, validation
from dirgrad.core.errors import UserError
from support.configuration import CONFIG, nested

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


def test_the_last_layer_contains_only_the_changes_of_the_command_line() -> None:
    paths = [CONFIG / "config.yaml", CONFIG / "smoke.yaml"]
    over = nested("experiments.mlp.seeds", 7)
    layers = files.layers(files.overlay(validation.load(paths), over), paths)
    assert list(layers) == [*map(str, paths), "the command line"]
    assert layers["the command line"] == over


# Reading


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"tier: [1\n", "cannot be read as YAML: "),
        (b"\xff\xfe\x00", "cannot be read as YAML: "),
        (b"- tier\n", "the file must contain keys and values, not a list"),
        (b"tier\n", "the file must contain keys and values, not a str"),
        (b"", "the file must contain keys and values"),
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
