"""Mistakes in the configuration are reported together, each with its file and key."""

import json
import re
from functools import reduce
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from dirgrad.config import files, plan, validation
from dirgrad.core.errors import UserError
from support.configuration import BASE, CONFIG, configured, error_message, nested
from support.paths import ROOT

NO_TIERS = ("claims", "reproducibility")
OVERLAYS = sorted(path.stem for path in CONFIG.glob("*.yaml") if path.stem not in NO_TIERS)
MLP = "experiments.mlp"


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_tier_is_valid(name: str) -> None:
    config = validation.load([CONFIG / "config.yaml", CONFIG / f"{name}.yaml"])
    assert config.tier == ("default" if name == "config" else name)


def test_the_tier_in_the_readme_has_only_its_own_jobs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tier,) = re.findall(r"here `config/mine\.yaml`.*?\n\n((?:    .*\n)+)", readme)
    jobs = plan.jobs(configured(BASE, yaml.safe_load(dedent(tier))))
    assert {job.subject for job in jobs.values()} == {"training/mine", "cost/mine"}


def test_json_keeps_its_numbers_and_an_override_replaces_values_of_the_files(
    tmp_path: Path,
) -> None:
    yaml_path = str(CONFIG / "config.yaml")
    json_path = tmp_path / "config.json"
    base = validation.load([yaml_path])
    json_path.write_text(json.dumps(BASE), encoding="utf-8")
    # JSON writes this number in a form that YAML reads as text.
    assert "5e-05" in json_path.read_text()
    assert validation.load([json_path]) == base
    overridden = validation.load([yaml_path], {"run": {"threads": 7}})
    assert overridden.run == base.run.model_copy(update={"threads": 7})


@pytest.mark.parametrize(
    "key",
    ["tier", "backends", "estimators", f"{MLP}.seeds", f"{MLP}.problem.dataset"],
)
def test_a_missing_key_is_reported(key: str) -> None:
    # A copy without the aliases of YAML, so that the key is missing at one place.
    base = json.loads(json.dumps(BASE))
    *parents, last = key.split(".")
    del reduce(lambda inner, name: inner[name], parents, base)[last]
    with pytest.raises(UserError) as error:
        validation.check({"base.yaml": base})
    assert str(error.value) == f"base.yaml: {key}: the key is missing"


def test_all_mistakes_are_reported_together() -> None:
    experiments = {"mlp": {"seeds": 0, "stepz": 1}, "cnn": {"optimizer": "sdg"}}
    message = error_message({"experiments": experiments})
    assert sorted(line.split(": ")[1] for line in message.splitlines()) == [
        "experiments.cnn.optimizer",
        "experiments.mlp.seeds",
        "experiments.mlp.stepz",
    ]


def test_a_mistake_is_reported_for_the_only_file_that_sets_the_key() -> None:
    base = files.overlay(BASE, nested(f"{MLP}.seeds", -1))
    message = error_message(nested(f"{MLP}.steps", 100), base)
    assert message.startswith(f"base.yaml: {MLP}.seeds: ")


def test_a_mistake_is_reported_for_the_last_file_that_sets_the_key() -> None:
    base = files.overlay(BASE, nested(f"{MLP}.seeds", 3))
    message = error_message(nested(f"{MLP}.seeds", -1), base)
    assert message.startswith(f"over.yaml: {MLP}.seeds: ")


def test_a_mistake_in_a_list_is_reported_for_the_file_that_replaced_the_list() -> None:
    message = error_message(nested("experiments.beale.problem.start", [1.0]))
    assert message.startswith("over.yaml: experiments.beale.problem.start")


def test_missing_options_are_reported_for_the_file_that_replaced_them_by_a_name() -> None:
    message = error_message({"estimators": {"finite_difference_forward": "finite_difference"}})
    assert {line.split(": ")[0] for line in message.splitlines()} == {"over.yaml"}


def test_a_mistake_that_is_in_no_file_is_reported_for_the_command_line() -> None:
    paths = [CONFIG / "config.yaml", CONFIG / "smoke.yaml"]
    expected = rf"^the command line: {MLP}.seeds: expected a number of at least 1, got -1$"
    with pytest.raises(UserError, match=expected):
        validation.load(paths, nested(f"{MLP}.seeds", -1))
