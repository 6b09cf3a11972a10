"""The command `dirgrad verify` writes its comparison and exits with an error if it flags a row."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dirgrad.cli import main
from support.hand_made_quantities import CLAIM_TABLES
from support.hand_made_run import MANIFEST
from support.paths import ROOT
from support.written_tables import write_complete

RunWriter = Callable[..., str]
CONFIG = ["--config", str(ROOT / "config/config.yaml")]
CLAIMS_AND_OUT = ["--claims", str(ROOT / "config/claims.yaml"), "--out"]
ARGUMENTS = [*CONFIG, *CLAIMS_AND_OUT]


@pytest.fixture
def write_run(tmp_path: Path) -> RunWriter:
    """Return a function that writes a run and returns its directory.

    Its arguments are the name of the directory, the steps to the target over backprop's steps, and
    an option of the configuration.
    """
    make_tables = CLAIM_TABLES["more_steps_than_backprop"].make

    def write(name: str, steps_over_backprop: float, resamples: int = 1000) -> str:
        directory = tmp_path / name
        (directory / "tables").mkdir(parents=True)
        targets = make_tables(steps_over_backprop, 0.05, 10)["targets"]
        write_complete(targets, directory / "tables" / "targets.csv")
        config = {"statistics": {"resamples": resamples}}
        manifest = json.dumps(MANIFEST | {"tier": "default", "jax": ["1"], "config": config})
        (directory / "manifest.json").write_text(manifest)
        return str(directory)

    return write


def test_the_command_writes_a_table_and_a_summary(write_run: RunWriter, tmp_path: Path) -> None:
    fresh = write_run("fresh", 2.0)
    main.main(["verify", fresh, write_run("reference", 2.02), *ARGUMENTS, fresh])
    comparison = pd.read_csv(tmp_path / "fresh" / "tables" / "verify.csv")
    assert set(comparison["state"]) == {"same"}
    summary = json.loads((tmp_path / "fresh" / "verify.json").read_text())
    assert summary["ok"]


def test_the_command_exits_with_1_and_names_the_flagged_numbers(
    write_run: RunWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = write_run("fresh", 1.1)
    with pytest.raises(SystemExit) as error:
        main.main(["verify", fresh, write_run("reference", 2.0), *ARGUMENTS, fresh])
    assert error.value.code == 1
    assert "worse: number more_steps_than_backprop" in capsys.readouterr().out
    summary = json.loads((tmp_path / "fresh" / "verify.json").read_text())
    assert not summary["ok"]
    assert "more_steps_than_backprop" in {row["id"] for row in summary["flagged"]}


def test_a_missing_fresh_run_is_reported_in_one_line(
    write_run: RunWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "none")
    reference = write_run("reference", 2.0)
    with pytest.raises(SystemExit) as error:
        main.main(["verify", missing, reference, *ARGUMENTS, str(tmp_path)])
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "create results/default with `snakemake --config tier=default`" in line


def test_a_run_of_another_tier_is_rejected(
    write_run: RunWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = write_run("fresh", 2.0)
    reference = write_run("reference", 2.0)
    paper_tier = [*CONFIG, str(ROOT / "config/paper.yaml"), *CLAIMS_AND_OUT, fresh]
    with pytest.raises(SystemExit) as error:
        main.main(["verify", fresh, reference, *paper_tier])
    assert error.value.code == 2
    assert "the run has the tier 'default', expected 'paper'" in capsys.readouterr().err


def test_a_reference_of_another_configuration_is_rejected_in_one_line(
    write_run: RunWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh, reference = write_run("fresh", 2.0), write_run("reference", 2.0, resamples=50)
    with pytest.raises(SystemExit) as error:
        main.main(["verify", fresh, reference, *ARGUMENTS, fresh])
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "statistics.resamples is 1000 in the run and 50 in the reference" in line
