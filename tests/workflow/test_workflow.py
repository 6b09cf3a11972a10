"""The workflow plans every tier, reports mistakes, produces all results and can be resumed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from dirgrad.records import origin
from support import browser
from support.paths import ROOT

ENTRY = ["--snakefile", str(ROOT / "workflow" / "Snakefile")]
# Snakemake looks for the profile in the working directory, and these runs work elsewhere.
PROFILE = ["--workflow-profile", str(ROOT / "profiles" / "default")]
SNAKEMAKE = [sys.executable, "-m", "snakemake", *ENTRY, *PROFILE]
RESULTS = Path("results/default")
BEALE = {
    "problem": "beale",
    "optimizer": "sgd",
    "learning_rates": [0.01, 10.0],
    "seeds": 2,
    "steps": 20,
    "record_every": 10,
    "estimators": ["backprop", "forward_gradient"],
}


def small_config(**more_experiments: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with the experiment `beale`; its larger learning rate diverges."""
    return {
        "tier": "default",
        "backends": ["jax"],
        "run": {"threads": 1},
        "statistics": {"resamples": 50},
        "estimators": {
            "backprop": {"kind": "backprop"},
            "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
        },
        "experiments": {"beale": BEALE, **more_experiments},
    }


def write_config(directory: Path, config: dict[str, Any]) -> None:
    (directory / "config").mkdir(parents=True, exist_ok=True)
    (directory / "config" / "config.yaml").write_text(yaml.safe_dump(config))


def snakemake(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    command = [*SNAKEMAKE, *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def printed(process: subprocess.CompletedProcess[str]) -> str:
    return process.stdout + process.stderr


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
        (["tier=smok"], "did you mean 'smoke.yaml'?"),
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
    assert origin.read(results / "tables/claims.tex")["records"] == ["training/beale/jax " + run_id]


def check_browser(report: Path) -> None:
    """Check that a browser shows the front page, figures, tables and switches of the report."""
    walked = browser.walk(report)
    assert browser.complaints(walked) == []
    assert walked.front == "Learning without backpropagation: tier default"
    assert walked.items["figures/default/loss_beale.png"] == "image"
    assert walked.items["results/default/tables/final.html"] == "page"
    assert walked.switches["7. Tables / tables"] == []


@pytest.mark.slow
def test_a_run_writes_all_results_and_later_runs_only_what_changed(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    write_config(tmp_path, small_config())
    results = tmp_path / RESULTS
    run = snakemake("--cores", "1", directory=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "results/default/report.html" in printed(run)
    check_tables(results)
    check_figures(tmp_path / "figures/default")
    check_pages(results)
    check_origins(results)
    with subtests.test("a browser shows the complete report"):
        if browser.CHROMIUM is None:
            pytest.skip("no Chromium on the PATH")
        check_browser(results / "report.html")

    second_run = snakemake("--cores", "1", directory=tmp_path)
    assert "Nothing to be done" in printed(second_run)

    write_config(tmp_path, small_config(other=BEALE | {"problem": "rosenbrock"}))
    plan = printed(snakemake("--dry-run", "--cores", "1", directory=tmp_path))
    lines = [line.strip() for line in plan.splitlines()]
    outputs = [line for line in lines if line.startswith("output: ")]
    trials = [line for line in outputs if "trials.parquet" in line]
    assert [line for line in trials if "/beale/" in line] == []
    assert len([line for line in trials if "/other/" in line]) == 1, plan


# An interrupted run


def kill_when_exists(path: Path, directory: Path) -> None:
    """Start the workflow and kill it, with all its jobs, as soon as a file exists."""
    process = subprocess.Popen(
        [*SNAKEMAKE, "--cores", "1"],
        cwd=directory,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    exists = path.exists()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert exists


@pytest.mark.slow
def test_a_killed_run_resumes_without_a_manual_step_and_keeps_finished_records(
    tmp_path: Path,
) -> None:
    long = BEALE | {"steps": 50_000_000, "record_every": 10_000, "learning_rates": [1e-5]}
    write_config(tmp_path, small_config(long=long))
    records = RESULTS / "records/training/beale/jax/trials.parquet"
    table = RESULTS / "tables/final.csv"
    first_run = snakemake("--cores", "1", str(records), directory=tmp_path)
    assert first_run.returncode == 0
    finished_at = (tmp_path / records).stat().st_mtime_ns
    kill_when_exists(tmp_path / RESULTS / "logs/training/long/jax.log", tmp_path)

    write_config(tmp_path, small_config())
    resumed_run = snakemake("--cores", "1", str(table), directory=tmp_path)
    assert resumed_run.returncode == 0, resumed_run.stderr
    assert (tmp_path / records).stat().st_mtime_ns == finished_at
    assert (tmp_path / table).exists(), printed(resumed_run)
