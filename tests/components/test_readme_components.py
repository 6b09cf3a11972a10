"""The components that the READMEs print work as printed, in both frameworks."""

import subprocess
import sys
from pathlib import Path

import pytest

from dirgrad.cli import main
from dirgrad.config import plan
from dirgrad.core.types import Backend
from dirgrad.records.schemas import TrialStatus
from dirgrad.runs.context import Context
from dirgrad.runs.training import train
from support.configuration import configured
from support.paths import ROOT
from support.readme_components import added_to_package, read_component

README = ROOT / "README.md"
COMPONENTS = {
    "estimator": read_component(README),
    "problem": read_component(ROOT / "src/dirgrad/README.md"),
}
ESTIMATORS = {
    "backprop": {"kind": "backprop"},
    "gaussian": {"kind": "forward_gradient", "direction": "gaussian"},
    "rank_one": {"kind": "forward_gradient", "direction": "rank_one"},
}
EXPERIMENT = {
    "problem": "beale",
    "optimizer": "sgd",
    "learning_rates": [0.001],
    "seeds": 2,
    "steps": 20,
    "record_every": 10,
    "batch_size": 8,
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_the_component_has_at_most_30_lines(name: str) -> None:
    assert len(COMPONENTS[name].code.splitlines()) <= 30


@pytest.mark.parametrize("name", COMPONENTS)
def test_the_component_trains_with_its_line_of_configuration(
    backend: Backend, name: str, tmp_path: Path
) -> None:
    component = COMPONENTS[name]
    is_problem = "problem" in component.line
    estimators = ESTIMATORS if is_problem else component.line
    experiment = EXPERIMENT | {"estimators": list(estimators)}
    config = {
        "tier": "test",
        "backends": [backend.name],
        "run": {"precision": "float64", "threads": 1},
        "estimators": estimators,
        "experiments": {"small": experiment | (component.line if is_problem else {})},
    }
    with added_to_package(component, tmp_path):
        job = plan.job(configured(config), f"training/small/{backend.name}")
        records = train.run(job, Context(backend))
    rows, curves = records["trials"].to_pandas(), records["curves"].to_pandas()
    assert set(rows["estimator"]) == set(estimators)
    assert (rows["status"] == TrialStatus.OK).all()
    start = curves[curves["step"] == 0].set_index(["estimator", "seed"])["loss"]
    end = rows.set_index(["estimator", "seed"])["final_loss"]
    assert (end < start[end.index]).all()


@pytest.mark.parametrize("name", COMPONENTS)
def test_ruff_accepts_the_component_in_its_place(name: str) -> None:
    component = COMPONENTS[name]
    place = ("--stdin-filename", str(ROOT / component.path))
    for command in (("check",), ("format", "--diff")):
        arguments = [sys.executable, "-m", "ruff", *command, *place, "-"]
        result = subprocess.run(
            arguments, input=component.code, capture_output=True, text=True, cwd=ROOT, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_mypy_accepts_the_components(tmp_path: Path) -> None:
    paths = []
    for component in COMPONENTS.values():
        path = tmp_path / component.path.name
        path.write_text(component.code, encoding="utf-8")
        paths.append(str(path))
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *paths],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", COMPONENTS)
@pytest.mark.parametrize(
    ("command", "path"),
    [("options", "config/README.md"), ("schema", "workflow/schemas/config.schema.json")],
)
def test_the_commands_of_the_readme_add_the_component_to_the_list_of_options(
    name: str, command: str, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"`dirgrad {command} > {path}`" in README.read_text(encoding="utf-8")
    component = COMPONENTS[name]
    kind = component.path.stem
    # A reader who followed the README has the component, and its name on the page.
    is_added = (ROOT / component.path).exists()
    assert (kind in (ROOT / path).read_text(encoding="utf-8")) is is_added
    with added_to_package(component, tmp_path):
        main.main([command])
    assert kind in capsys.readouterr().out
