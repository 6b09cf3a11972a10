"""The page and the schema of the options are made from the classes that validate them."""

import json
from typing import Any

import jsonschema
import pytest

from dirgrad.cli import main
from dirgrad.components import registry
from dirgrad.config import files, options_page
from support.paths import ROOT

BASE = files.read(ROOT / "config/config.yaml")
SCHEMA = options_page.schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def mlp(**options: Any) -> dict[str, Any]:
    return {"experiments": {"mlp": options}}


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "config/README.md").read_text(encoding="utf-8") == options_page.page()


def test_the_schema_is_up_to_date() -> None:
    assert (
        json.loads((ROOT / "workflow/schemas/config.schema.json").read_text(encoding="utf-8"))
        == SCHEMA
    )


@pytest.mark.parametrize(
    ("command", "path"),
    [("options", "config/README.md"), ("schema", "workflow/schemas/config.schema.json")],
)
def test_what_the_command_prints_is_the_file(
    command: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main.main([command])
    assert capsys.readouterr().out == (ROOT / path).read_text(encoding="utf-8")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("overlay", [None, "smoke.yaml", "paper.yaml"])
def test_every_tier_follows_the_schema(overlay: str | None) -> None:
    raw = files.overlay(BASE, files.read(ROOT / "config" / overlay)) if overlay else BASE
    assert [error.message for error in VALIDATOR.iter_errors(raw)] == []


@pytest.mark.parametrize(
    "over",
    [
        {"backend": ["jax"]},
        {"run": {"thread": 1}},
        mlp(seedz=1),
        mlp(problem={"hiden": [1]}),
        mlp(optimizer={"kind": "adam", "beta1": 0.5}),
        {"estimators": {"backprop": {"kind": "bakprop"}}},
        mlp(optimizer="sdg"),
        mlp(learning_rates=[]),
        mlp(learning_rates=["1e-3"]),
        mlp(seeds=0),
    ],
    ids=str,
)
def test_a_mistake_does_not_follow_the_schema(over: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(files.overlay(BASE, over))


@pytest.mark.parametrize("folder", options_page.FOLDERS)
def test_every_component_is_on_the_page_and_in_the_schema(folder: str) -> None:
    section = options_page.page().split(f"\n## {folder.capitalize()}\n")[1].split("\n## ")[0]
    names = [
        line.removeprefix("### ").strip("`")
        for line in section.splitlines()
        if line.startswith("### ")
    ]
    assert names == list(registry.names(folder))
    assert [one["title"] for one in SCHEMA["$defs"][folder]["anyOf"]] == names


def test_every_option_says_what_it_means() -> None:
    rows = [
        line.split(" | ") for line in options_page.page().splitlines() if line.startswith("| `")
    ]
    assert len(rows) > 30
    assert [row[0] for row in rows if len(row) < 4 or not row[3].strip(" |")] == []
