"""The plan contains the cells of a configuration, with the settings of each."""

import json
import subprocess
import sys
from copy import deepcopy
from typing import Any

import pytest

from dirgrad.components import registry
from dirgrad.config import files, plan
from dirgrad.core.errors import UserError
from support.configuration import BASE, CONFIG


def test_every_experiment_has_a_cell_in_every_framework() -> None:
    raw = {"experiments": {"mlp": {}, "cnn": {}}, "backends": ["torch", "jax"]}
    assert plan.cells(raw) == ("mlp/torch", "mlp/jax", "cnn/torch", "cnn/jax")


def test_an_experiment_can_have_only_one_framework() -> None:
    paper = files.overlay(BASE, files.read(CONFIG / "paper.yaml"))
    cells = [cell for cell in plan.cells(paper) if cell.startswith("tutorial/")]
    assert cells == ["tutorial/jax"]


@pytest.mark.parametrize("path", plan.cells(BASE))
def test_a_cell_contains_the_settings_of_its_experiment_and_its_framework(path: str) -> None:
    experiment, backend = path.split("/")
    cell = plan.cell(BASE, path)
    section = BASE["experiments"][experiment]
    assert (cell.tier, cell.experiment, cell.backend) == ("default", experiment, backend)
    assert list(cell.estimators) == section["estimators"]
    assert list(cell.training.learning_rates or ()) == section.get("learning_rates", [])
    assert registry.kind(cell.training.problem) == section["problem"]["kind"]


@pytest.mark.parametrize("path", ["mlp/jaxx", "mlp", "mpl/jax", "mlp/jax/", ""])
def test_the_error_for_an_unknown_cell_offers_valid_ones(path: str) -> None:
    with pytest.raises(UserError, match=f"^no cell '{path}': .*mlp/jax"):
        plan.cell(BASE, path)


def test_the_settings_of_a_cell_are_plain_data() -> None:
    settings = plan.cell_settings(BASE, "mlp/jax")
    assert json.loads(json.dumps(settings)) == settings


OTHER_PARTS = {
    "another experiment": {"experiments": {"cnn": {"seeds": 99}}},
    "an additional experiment": {"experiments": {"again": BASE["experiments"]["mlp"]}},
    "an estimator of other cells": {"estimators": {"forward_gradient_k8": {"num_directions": 9}}},
    "the statistics of tables": {"statistics": {"resamples": 7}},
    "without the other framework": {"backends": ["jax"]},
}
OWN_PARTS = {
    "seeds": {"experiments": {"mlp": {"seeds": 99}}},
    "an option of the problem": {"experiments": {"mlp": {"problem": {"hidden": [3]}}}},
    "an option of an estimator": {"estimators": {"forward_gradient": {"num_directions": 2}}},
    "the list of estimators": {"experiments": {"mlp": {"estimators": ["backprop"]}}},
    "the precision": {"run": {"precision": "float64"}},
    "the tier": {"tier": "other"},
}


@pytest.mark.parametrize("over", OTHER_PARTS.values(), ids=OTHER_PARTS)
def test_the_settings_of_a_cell_ignore_other_parts_of_the_configuration(
    over: dict[str, Any],
) -> None:
    changed = files.overlay(BASE, over)
    assert plan.cell_settings(changed, "mlp/jax") == plan.cell_settings(BASE, "mlp/jax")


@pytest.mark.parametrize("over", OWN_PARTS.values(), ids=OWN_PARTS)
def test_the_settings_of_a_cell_change_with_its_own_part(over: dict[str, Any]) -> None:
    changed = files.overlay(BASE, over)
    assert plan.cell_settings(changed, "mlp/jax") != plan.cell_settings(BASE, "mlp/jax")


def test_the_settings_do_not_modify_the_configuration() -> None:
    before = deepcopy(BASE)
    plan.cell_settings(BASE, "mlp/jax")
    assert before == BASE


@pytest.mark.parametrize(
    ("dataset", "names"),
    [("digits", ()), ("mnist", ("mnist",)), ({"kind": "mnist", "scaling": "raw"}, ("mnist",))],
)
def test_only_data_sets_that_are_not_bundled_are_downloaded(
    dataset: Any, names: tuple[str, ...]
) -> None:
    raw = files.overlay(BASE, {"experiments": {"mlp": {"problem": {"dataset": dataset}}}})
    assert plan.datasets_to_download([plan.problem(raw, "mlp")]) == names
    assert plan.datasets_to_download([plan.problem(raw, "beale")]) == ()


def test_the_experiments_with_two_parameters_are_listed() -> None:
    assert plan.two_parameter_experiments(BASE) == ("beale", "rosenbrock")


def test_planning_imports_no_framework_and_no_slow_library() -> None:
    slow = {"jax", "torch", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow"}
    program = f"import sys, dirgrad.config.plan; print(sorted({slow!r} & sys.modules.keys()))"
    command = [sys.executable, "-c", program]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"
