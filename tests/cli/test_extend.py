"""New component files run unchanged, and the check of a component finds mistakes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dirgrad.cli import main
from dirgrad.components import registry, scaffold
from dirgrad.components.component_files import PROTOCOLS
from support.configuration import BASE, configured
from support.outside_components import write, write_estimator
from support.paths import ROOT

KINDS = [folder[:-1] for folder in PROTOCOLS]


def new(kind: str, name: str, out: Path, *options: str) -> None:
    main.main(["new", kind, name, "--out", str(out), *options])


def run_python(folder: Path, *arguments: str) -> None:
    """Run a module of Python in a folder; its output is part of the failure."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "MYPYPATH": str(ROOT / "src")}
    process = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr


def error_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as error:
        main.main([*arguments])
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a new component of every kind, and its test."""
    out = tmp_path_factory.mktemp("own")
    for kind in KINDS:
        new(kind, f"my_{kind}", out)
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_component_is_a_component_of_its_kind(written: Path, kind: str) -> None:
    registry.add(written)
    path = written / f"{kind}s" / f"my_{kind}.py"
    assert registry.outside(f"{kind}s") == {f"my_{kind}": path}
    assert registry.load(f"{kind}s", f"my_{kind}").__doc__


@pytest.mark.slow
def test_the_tests_of_new_components_pass(written: Path) -> None:
    run_python(written, "pytest", "-q", "-p", "no:cacheprovider", "tests")


def test_new_files_are_formatted_and_pass_the_linter(written: Path) -> None:
    options = ["--isolated", "--no-cache", "--line-length", "100", "."]
    run_python(written, "ruff", "format", "--check", *options)
    first_party = 'lint.isort.known-first-party = ["dirgrad"]'
    rules = ["--select", "E,F,I,UP,B", "--config", first_party]
    run_python(written, "ruff", "check", *rules, *options)


@pytest.mark.slow
def test_new_files_have_types(written: Path) -> None:
    paths = map(str, sorted(written.rglob("*.py")))
    run_python(ROOT, "mypy", "--strict", *paths)


@pytest.mark.parametrize("example", registry.built_in("estimators"))
def test_every_built_in_estimator_can_be_the_start(tmp_path: Path, example: str) -> None:
    new("estimator", "own_method", tmp_path, "--from", example)
    registry.add(tmp_path)
    assert registry.load("estimators", "own_method").__name__ == "OwnMethod"


def test_only_names_are_replaced_and_no_text(tmp_path: Path) -> None:
    new("candidate", "own", tmp_path, "--from", "random")
    text = (tmp_path / "candidates" / "own.py").read_text()
    assert '"""Random direction that uses' in text
    assert "class Own:" in text


def test_the_printed_lines_belong_into_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new("estimator", "own_method", tmp_path)
    printed = capsys.readouterr().out
    overlay = yaml.safe_load(printed.partition("configuration:\n")[2].partition("then:")[0])
    config = configured(BASE, overlay)
    assert registry.kind(config.estimators["own_method"]) == "own_method"


def test_a_new_component_of_the_package_has_its_test_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "src" / "dirgrad"
    (tmp_path / "tests" / "components").mkdir(parents=True)
    monkeypatch.setattr("dirgrad.cli.extend.PACKAGE", package)
    main.main(["new", "direction", "own_law"])
    assert (package / "components" / "directions" / "own_law.py").is_file()
    test = (tmp_path / "tests/components/directions/test_own_law.py").read_text()
    assert "registry.add" not in test
    assert "dirgrad options > config/README.md" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["estimater", "x"], "unknown kind of component 'estimater': did you mean 'estimator'?"),
        (["estimator", "MyMethod"], "'MyMethod' is not a valid name for a component"),
        (["estimator", "../x"], "'../x' is not a valid name for a component"),
        (["estimator", "backprop"], "exists: choose another name, such as 'backprop_2'"),
        (["estimator", "x", "--from", "bakprop"], "did you mean 'backprop'?"),
    ],
)
def test_a_wrong_request_for_a_component_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    line = error_of("new", *arguments, "--out", str(tmp_path), capsys=capsys)
    assert message in line
    assert not any(tmp_path.iterdir())


def test_no_file_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test = write(tmp_path / "tests" / "test_own.py", "kept")
    line = error_of("new", "direction", "own", "--out", str(tmp_path), capsys=capsys)
    assert line.endswith("test_own.py: the file exists: choose another name, or move it away")
    assert test.read_text() == "kept"
    assert not (tmp_path / "directions").exists()


def test_an_installation_without_tests_needs_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dirgrad.cli.extend.PACKAGE", tmp_path / "site-packages" / "dirgrad")
    assert "give a folder by --out" in error_of("new", "direction", "own", capsys=capsys)


def test_class_names_are_in_capitals() -> None:
    assert scaffold.class_name("my_own_law2") == "MyOwnLaw2"


# Checks


def status_of_check(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as error:
        main.main(["check", *arguments])
    return error.value.code


def test_a_check_that_passes_ends_with_that_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of_check("momentum") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "passed"


def test_a_check_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of_check("datasets/copy", "--json") == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["name"], values["kind"], values["passed"]) == ("copy", "dataset", True)


@pytest.mark.slow
def test_a_wrong_estimator_in_a_file_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_estimator(tmp_path / "doubled.py", factor=2.0)
    assert status_of_check(str(path)) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    # The mean depends on the frameworks that are installed.
    (mean,) = re.findall(r"^failed: the mean estimate is ([\d.]+) \[", last)
    assert float(mean) == pytest.approx(2.0, rel=0.05)


def test_an_unknown_component_is_told_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    line = error_of("check", "momentun", capsys=capsys)
    assert "no component 'momentun': did you mean 'momentum'?" in line


def test_a_name_of_two_components_needs_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.add(write_estimator(tmp_path / "gaussian.py"))
    line = error_of("check", "gaussian", capsys=capsys)
    assert line.endswith("several components: write estimators/gaussian or directions/gaussian")


def test_an_estimator_of_the_configuration_is_checked_with_its_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = []

    def check(folder: str, component: object, frameworks: object) -> list[object]:
        checked.append((folder, registry.kind(component), component.num_directions))
        return []

    monkeypatch.setattr("dirgrad.runs.check.component.check_component", check)
    config = str(ROOT / "config/config.yaml")
    assert status_of_check("forward_gradient_sphere_k20", "--config", config) == 0
    assert checked == [("estimators", "forward_gradient", 20)]
