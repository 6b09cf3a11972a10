"""The layers of a configuration have one order, and values of the command line have their types."""

from pathlib import Path
from typing import Any

import pytest

from dirgrad.config import layers
from dirgrad.core.errors import UserError

BASE = ("config.yaml", {"tier": "default", "run": {"threads": 1}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mini.yaml").write_text("tier: mini\nrun: {threads: 2}\n")
    (tmp_path / "claims.yaml").write_text("[]\n")
    (tmp_path / "config.yaml").write_text("tier: default\n")
    return tmp_path


def test_the_overlay_of_the_tier_lies_between_the_base_and_the_command_line(folder: Path) -> None:
    stacked = layers.stack(BASE, [("the command line", {"tier": "mini"})], folder)
    assert [*stacked] == ["config.yaml", str(folder / "mini.yaml"), "the command line"]
    assert stacked[str(folder / "mini.yaml")] == {"tier": "mini", "run": {"threads": 2}}


def test_a_configuration_that_is_the_file_of_its_tier_has_no_overlay(folder: Path) -> None:
    base = (str(folder / "mini.yaml"), {"tier": "mini"})
    assert layers.stack(base, [], folder) == dict([base])


def test_the_default_tier_has_no_overlay(folder: Path) -> None:
    (folder / "default.yaml").write_text("tier: default\n")
    assert layers.stack(BASE, [], folder) == dict([BASE])


@pytest.mark.parametrize(
    "tier", ["mni", "config", "claims", "../mini", "a/b", "mini.yaml", None, 3]
)
def test_an_unknown_tier_is_named_with_its_place_and_the_tiers(tier: Any, folder: Path) -> None:
    with pytest.raises(UserError) as error:
        layers.stack(BASE, [("the command line", {"tier": tier})], folder)
    message = str(error.value)
    assert message.startswith(f"the command line: tier: {folder}/{tier}.yaml does not exist: ")
    assert message.endswith("(valid: default, mini)")


def test_values_of_the_command_line_are_shared_with_a_module_that_holds_them() -> None:
    given = {"tier": "mini", "run": {"threads": "2", "exclusive": "no"}, "dirgrad": {"tier": "x"}}
    config = {"tier": "mini", "run": {"threads": "2", "exclusive": True}}
    assert layers.shared(given, config) == {"tier": "mini", "run": {"threads": "2"}}
