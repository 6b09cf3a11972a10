"""The page and the schema of the options agree with the classes that validate them."""

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
    text = (ROOT / "workflow/schemas/config.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == SCHEMA


@pytest.mark.parametrize(
    ("command", "path"),
    [("options", "config/README.md"), ("schema", "workflow/schemas/config.schema.json")],
)
def test_a_command_prints_the_content_of_the_file(
    command: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main.main([command])
    assert capsys.readouterr().out == (ROOT / path).read_text(encoding="utf-8")


def test_the_schema_is_valid_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("overlay", [None, "smoke.yaml", "paper.yaml"])
def test_every_tier_conforms_to_the_schema(overlay: str | None) -> None:
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
def test_a_mistake_violates_the_schema(over: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(files.overlay(BASE, over))


@pytest.mark.parametrize("folder", options_page.FOLDERS)
def test_every_component_is_on_the_page_and_in_the_schema(folder: str) -> None:
    section = options_page.page().split(f"\n## {folder.capitalize()}\n")[1].split("\n## ")[0]
    headings = [line for line in section.splitlines() if line.startswith("### ")]
    names = [heading.removeprefix("### ").strip("`") for heading in headings]
    assert names == list(registry.names(folder))
    assert [variant["title"] for variant in SCHEMA["$defs"][folder]["anyOf"]] == names


def test_every_option_has_a_description() -> None:
    lines = options_page.page().splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| `")]
    assert len(rows) > 30
    assert [row[0] for row in rows if len(row) < 4 or not row[3].strip(" |")] == []
