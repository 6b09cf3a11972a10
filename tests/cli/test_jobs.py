"""A job lists the files that it wrote, and runs without the libraries of the workflow."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dirgrad.cli import main
from support.paths import ROOT
from support.small_job import arguments


def test_a_job_prints_its_files_and_the_outcome_of_its_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "records"
    main.main(arguments(tmp_path))
    streams = capsys.readouterr()
    assert f"wrote {out}/trials.parquet: 4 rows (2 ok, 2 diverged)" in streams.err
    # Each trial has the points 0, 1, 2 and 4; a trial that diverged ends at its first bad one.
    assert f"wrote {out}/curves.parquet: 12 rows" in streams.err
    assert streams.out == ""


def test_a_job_runs_without_the_libraries_of_the_workflow(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["workflow"]
    missing = [requirement.partition(">")[0] for requirement in extra]
    assert "grimp" in missing
    lines = (
        "import sys",
        f"sys.modules.update(dict.fromkeys({missing!r}))",
        "from dirgrad.cli.main import main",
        f"main({arguments(tmp_path)!r})",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "records" / "trials.parquet").exists()


@pytest.mark.parametrize("blocked", ["records", "records/deep"])
def test_a_place_that_cannot_be_written_is_refused_before_the_job(
    blocked: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dirgrad.runs.training.train.run", None)
    (tmp_path / "records").write_text("a file")
    *command, _ = arguments(tmp_path)
    with pytest.raises(SystemExit) as error:
        main.main([*command, str(tmp_path / blocked)])
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "results cannot be written there" in line
