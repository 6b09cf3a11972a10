"""`dirgrad workflow init` writes a study, and Snakemake plans it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dirgrad.cli.main import main
from dirgrad.config import plan, validation
from support.paths import ROOT

FILES = ["Snakefile", "config/config.yaml", "profiles/default/profile.yaml"]
ELSEWHERE = """
configfile: "config/config.yaml"
module dirgrad:
    snakefile: {snakefile!r}
    config: config
use rule * from dirgrad
"""


def files_in(directory: Path) -> list[str]:
    paths = (path for path in directory.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(directory)) for path in paths)


def test_a_new_study_is_valid_and_its_profile_is_the_one_of_this_repository(
    tmp_path: Path,
) -> None:
    main(["workflow", "init", str(tmp_path / "study")])
    assert files_in(tmp_path / "study") == FILES
    config = validation.load([tmp_path / "study/config/config.yaml"], {})
    assert "training/digits/jax" in plan.jobs(config)
    profile = tmp_path / "study" / FILES[-1]
    assert profile.read_bytes() == (ROOT / FILES[-1]).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_new_study_overwrites_no_file(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    with pytest.raises(SystemExit) as end:
        main(["workflow", "init", str(tmp_path)])
    assert end.value.code == 2
    assert files_in(tmp_path) == [name]
    assert file.read_text() == "mine"
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{tmp_path}: {name} would be overwritten" in line


def plan_of(directory: Path) -> str:
    """Return the plan that Snakemake prints for the study in a directory."""
    command = [sys.executable, "-P", "-m", "snakemake", "--dry-run"]
    process = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.slow
def test_a_new_study_can_be_planned(tmp_path: Path) -> None:
    main(["workflow", "init", str(tmp_path)])
    assert "output: results/default/report.html" in plan_of(tmp_path)


@pytest.mark.slow
def test_a_workflow_without_a_package_beside_it_takes_the_installed_one(tmp_path: Path) -> None:
    for folder in ("workflow", "envs"):
        shutil.copytree(ROOT / folder, tmp_path / "elsewhere" / folder)
    study = tmp_path / "study"
    main(["workflow", "init", str(study)])
    snakefile = str(tmp_path / "elsewhere" / "workflow" / "Snakefile")
    (study / "Snakefile").write_text(ELSEWHERE.format(snakefile=snakefile))
    assert f"{ROOT}/config/claims.yaml" in plan_of(study)
