"""The workflow plans every tier, reports mistakes, produces all results and can be resumed."""

import json
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from dirgrad.records import origin
from support import browser
from support.paths import ROOT
from support.small_workflow import (
    BEALE,
    OVERLAY,
    PROFILE,
    PYTHON,
    RESULTS,
    printed,
    run,
    small_config,
    snakemake,
    write_config,
)

ONE_THREAD = ["--cores", "1", "--config", "run={threads: 1, data_directory: 'my {data}'}"]


# Plans and mistakes


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["default", "smoke", "paper"])
def test_every_tier_can_be_planned(tier: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    process = snakemake("--dry-run", "--config", f"tier={tier}", directory=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "report" in printed(process)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tier=smok"], "the command line: tier: config/smok.yaml does not exist: did you mean"),
        (
            ["tier=smoke", "--set-resources", "run_training:timing=0"],
            "--set-resources: `timing` cannot be set: set run.exclusive to false",
        ),
        (["bakcends=[jax]"], "the command line: bakcends: unknown key: did you mean 'backends'?"),
        (["backends=[tensorflow]"], "the command line: backends.0: unknown value 'tensorflow'"),
        (
            ["tier=paper", "run={data_directory: nowhere}"],
            "nowhere/train-images-idx3-ubyte.gz: no such file: put the four MNIST idx files",
        ),
    ],
)
def test_a_mistake_is_reported_in_one_line_before_any_job_runs(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    process = snakemake("--config", *arguments, directory=tmp_path)
    assert process.returncode != 0
    (line,) = [line for line in process.stderr.splitlines() if line.startswith("dirgrad: ")]
    assert message in line
    assert "Traceback" not in printed(process)
    assert not (tmp_path / "results").exists()


# A complete run


def check_tables(results: Path) -> None:
    """Check the final losses and the verdicts."""
    final = pd.read_csv(results / "tables/final.csv").set_index(["estimator", "learning_rate"])
    assert (final.xs(0.01, level="learning_rate")["n_ok"] == 2).all()
    assert (final.xs(10.0, level="learning_rate")["n_diverged"] == 2).all()
    claims = pd.read_csv(results / "tables/claims.csv")
    assert set(claims["verdict"]) <= {"not run in this tier", "inconclusive"}


def check_figures(directory: Path) -> None:
    """Check that every figure exists in every format and is not blank."""
    for suffix in ("svg", "png", "pdf"):
        for name in ("loss_beale", "trajectories_beale"):
            assert (directory / f"{name}.{suffix}").stat().st_size > 1000


def check_pages(results: Path) -> None:
    """Check that the report is one file without links to others, and the front page has claims."""
    report = (results / "report.html").read_text()
    assert "loss_beale" in report
    assert 'src="http' not in report
    assert 'id="claim-' in (results / "front.html").read_text()


def check_origins(results: Path) -> None:
    """Check that the tables name the records they come from."""
    for suffix in ("html", "tex"):
        records = origin.read(results / f"tables/final.{suffix}")["records"]
        assert records[0].startswith("training/beale/jax ")
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    run_id = str(manifest["jobs"]["training/beale/jax"]["run_id"])
    for file in ("tables/claims.tex", "explore.html"):
        assert origin.read(results / file)["records"] == ["training/beale/jax " + run_id]


def check_pack(pack: Path) -> None:
    """Check that the archive has the user's configuration, the package and all results."""
    with zipfile.ZipFile(pack / "pack.zip") as archive:
        assert archive.read("config/small.yaml").decode() == yaml.safe_dump(OVERLAY)
        assert "module dirgrad:" in archive.read("Snakefile").decode()
        names = archive.namelist()
        page = archive.read("REPRODUCIBILITY.md").decode()
        metadata = archive.read("ro-crate-metadata.json").decode()
    assert {"workflow/Snakefile", "src/dirgrad/cli/main.py", "config/claims.yaml"} <= {*names}
    assert "results/small/records/training/beale/jax/curves.parquet" in names
    assert "snakemake results/small/tables/final.csv --config tier=small" in page
    assert '"endTime"' in metadata
    assert str(pack.parent) not in metadata


def check_browser(report: Path) -> None:
    """Check that a browser shows the front page, figures, tables and switches of the report."""
    walked = browser.walk(report)
    assert browser.complaints(walked) == []
    assert walked.front == "Learning without backpropagation: tier small"
    assert walked.items["figures/small/loss_beale.png"] == "image"
    assert walked.items["results/small/tables/final.html"] == "page"
    assert walked.items["results/small/explore.html"] == "page"
    assert walked.switches["8. Tables / tables"] == []


IMPORTER = """
configfile: "config/config.yaml"
module dirgrad:
    snakefile: {snakefile!r}
    config: config
use rule * from dirgrad as other_*
"""
RECORD_COMMAND = """
import os, sys
with open(os.environ["COMMANDS"], "a") as file:
    print(*sys.orig_argv, file=file)
"""


@pytest.fixture
def importing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of a workflow that imports this one as a module.

    No path is a single word. The directory has a module `random`, and another directory in
    PYTHONPATH has one that records the command of every Python process.
    """
    strange = tmp_path / "it's a=1, \u00fc & $(b)"
    checkout, directory, modules = strange / "my checkout", strange / "seed=3", strange / "modules"
    for folder in (directory, modules):
        folder.mkdir(parents=True)
    checkout.symlink_to(ROOT)
    write_config(directory, small_config())
    snakefile = IMPORTER.format(snakefile=str(checkout / "workflow" / "Snakefile"))
    (directory / "Snakefile").write_text(snakefile)
    (directory / "random.py").write_text("raise SystemExit('not the random of Python')")
    (modules / "sitecustomize.py").write_text(RECORD_COMMAND)
    monkeypatch.setenv("PYTHONPATH", str(modules))
    monkeypatch.setenv("COMMANDS", str(modules / "commands"))
    return directory


def check_commands(directory: Path) -> None:
    """Check that the jobs had the user's PYTHONPATH, and got no configuration as text."""
    path = directory.parent / "modules" / "commands"
    jobs = [line for line in path.read_text().splitlines() if " -m dirgrad " in line]
    assert [line for line in jobs if " run training/beale/jax --config .snakemake/" in line]
    assert [line for line in jobs if "--override" in line] == []


def printed_outputs(plan: str, name: str) -> list[str]:
    """Return the lines of a plan with outputs that contain a name."""
    lines = map(str.strip, plan.splitlines())
    return [line for line in lines if line.startswith("output: ") and name in line]


@pytest.mark.slow
def test_a_run_writes_all_results_and_later_runs_only_what_changed(
    importing: Path, subtests: pytest.Subtests
) -> None:
    results = importing / RESULTS
    targets = ["other_all", "other_pack"]
    first_run = run(*PYTHON, "snakemake", *targets, *ONE_THREAD, directory=importing)
    assert first_run.returncode == 0, printed(first_run)
    check_commands(importing)
    check_tables(results)
    check_figures(importing / "figures/small")
    check_pages(results)
    check_origins(results)
    check_pack(results / "pack")
    with subtests.test("a browser shows the complete report"):
        if browser.CHROMIUM is None:
            pytest.skip("no Chromium on the PATH")
        check_browser(results / "report.html")

    # Imported or called directly, the workflow makes the same files.
    snakefile = str(importing.parent / "my checkout" / "workflow" / "Snakefile")
    direct = [*PYTHON, "snakemake", *PROFILE, "--snakefile", snakefile, *ONE_THREAD]
    second_run = run(*direct, "--forcerun", "report", directory=importing)
    assert f"Report: {RESULTS}/report.html" in printed(second_run)
    assert [line for line in printed(second_run).splitlines() if "2 of 2 steps" in line]
    assert "Nothing to be done" in printed(run(*direct, directory=importing))
    other = ["--set-resources", "run_training:mem_mb=1", "run_training:runtime=1", "--dry-run"]
    assert "Nothing to be done" in printed(run(*direct, *other, directory=importing))

    # An edit of the file and a value of the command line run only what depends on them.
    write_config(importing, small_config(other=BEALE | {"problem": "rosenbrock"}))
    changed = [*direct, "statistics={confidence: 0.9}", "--dry-run"]
    plan = printed(run(*changed, directory=importing))
    assert printed_outputs(plan, "training/beale/") == []
    assert len(printed_outputs(plan, "training/other/jax/trials.parquet")) == 1, plan
    assert len(printed_outputs(plan, "figures/small/loss_beale.svg")) == 1, plan
