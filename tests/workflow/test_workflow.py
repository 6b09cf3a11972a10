"""The workflow as a user meets it: what it plans, what it says, how it goes on after it was stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from dirgrad.records import origin
from support import browser
from support.paths import ROOT

TINY = {
    "tier": "default",
    "backends": ["jax"],
    "run": {"threads": 1},
    "statistics": {"resamples": 50},
    "estimators": {
        "backprop": {"kind": "backprop"},
        "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
    },
    "experiments": {
        "beale": {
            "problem": "beale",
            "optimizer": "sgd",
            "learning_rates": [0.01, 10.0],
            "seeds": 2,
            "steps": 20,
            "record_every": 10,
            "estimators": ["backprop", "forward_gradient"],
        }
    },
}


SNAKEMAKE = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "workflow" / "Snakefile")]


def snakemake(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SNAKEMAKE, *arguments], cwd=directory, capture_output=True, text=True, check=False
    )


def place(directory: Path, config: dict) -> Path:
    """A directory to run in, with a configuration of its own."""
    (directory / "config").mkdir(parents=True, exist_ok=True)
    (directory / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    return directory


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["default", "smoke", "paper"])
def test_every_tier_can_be_planned(tier: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    planned = snakemake("--dry-run", "--config", f"tier={tier}", directory=tmp_path)
    assert planned.returncode == 0, planned.stderr
    assert "report" in planned.stdout + planned.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tier=smok"], "did you mean 'smoke.yaml'?"),
        (["bakcends=[jax]"], "the command line: bakcends: unknown key: did you mean 'backends'?"),
        (["backends=[tensorflow]"], "the command line: backends.0: unknown value 'tensorflow'"),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_runs(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    planned = snakemake("--config", *arguments, directory=tmp_path)
    assert planned.returncode != 0
    (sentence,) = [line for line in planned.stderr.splitlines() if line.startswith("dirgrad: ")]
    assert said in sentence
    assert "Traceback" not in planned.stderr + planned.stdout
    assert not (tmp_path / "results").exists()


def seen_by_the_manifest(directory: Path) -> str:
    """The identity of the one cell."""
    told = json.loads((directory / "results/default/manifest.json").read_text(encoding="utf-8"))
    return str(told["cells"]["beale/jax"]["run_id"])


@pytest.mark.slow
def test_a_tier_runs_to_its_report_records_what_failed_and_then_has_nothing_to_do(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    place(tmp_path, TINY)
    first = snakemake("--cores", "1", directory=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "results/default/report.html" in first.stdout + first.stderr
    final = pd.read_csv(tmp_path / "results/default/tables/final.csv").set_index(
        ["estimator", "learning_rate"]
    )
    assert (final.xs(0.01, level="learning_rate")["n_ok"] == 2).all()
    assert (final.xs(10.0, level="learning_rate")["n_diverged"] == 2).all()
    for suffix in ("svg", "png", "pdf"):
        for name in ("overview", "loss_beale", "trajectories_beale"):
            assert (tmp_path / "figures/default" / f"{name}.{suffix}").stat().st_size > 1000
    claims = pd.read_csv(tmp_path / "results/default/tables/claims.csv")
    assert set(claims["verdict"]) <= {"not run in this tier", "inconclusive"}
    report = (tmp_path / "results/default/report.html").read_text()
    assert "loss_beale" in report
    assert 'src="http' not in report
    for suffix in ("html", "tex"):
        assert origin.read(tmp_path / f"results/default/tables/final.{suffix}")["records"][
            0
        ].startswith("beale/jax ")
    assert 'id="claim-' in (tmp_path / "results/default/front.html").read_text()
    assert origin.read(tmp_path / "results/default/tables/claims.tex")["records"] == [
        "beale/jax " + seen_by_the_manifest(tmp_path)
    ]
    with subtests.test("a browser shows all that the report holds"):
        if browser.CHROMIUM is None:
            pytest.skip("no Chromium on the PATH")
        seen = browser.walk(tmp_path / "results/default/report.html")
        assert browser.complaints(seen) == []
        assert seen.front == "Learning without backpropagation: the tier default"
        assert seen.items["figures/default/loss_beale.svg"] == "image"
        assert seen.items["results/default/tables/final.html"] == "page"
        assert seen.switches["7. Tables / tables"] == ["format"]
    second = snakemake("--cores", "1", directory=tmp_path)
    assert "Nothing to be done" in second.stdout + second.stderr

    # An edit to one experiment runs that experiment again, and no other.
    changed = TINY | {
        "experiments": TINY["experiments"]
        | {"other": TINY["experiments"]["beale"] | {"problem": "rosenbrock"}}
    }
    planned = snakemake("--dry-run", "--cores", "1", directory=place(tmp_path, changed))
    outputs = [
        line.strip()
        for line in (planned.stdout + planned.stderr).splitlines()
        if line.strip().startswith("output: ")
    ]
    runs = [line for line in outputs if "trials.parquet" in line]
    assert [line for line in runs if "/beale/" in line] == []
    assert len([line for line in runs if "/other/" in line]) == 1, planned.stdout + planned.stderr


@pytest.mark.slow
def test_a_killed_run_goes_on_without_a_manual_step_and_keeps_what_was_finished(
    tmp_path: Path,
) -> None:
    long = TINY["experiments"]["beale"] | {
        "steps": 50_000_000,
        "record_every": 10_000,
        "learning_rates": [1e-5],
    }
    place(tmp_path, TINY | {"experiments": TINY["experiments"] | {"long": long}})
    results = tmp_path / "results" / "default"
    done, running = (
        results / "records" / "beale" / "jax" / "trials.parquet",
        results / "logs" / "run" / "long" / "jax.log",
    )
    assert (
        snakemake("--cores", "1", str(done.relative_to(tmp_path)), directory=tmp_path).returncode
        == 0
    )
    finished_at = done.stat().st_mtime_ns
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    begun = subprocess.Popen(
        [*SNAKEMAKE, "--cores", "1"], cwd=tmp_path, start_new_session=True, **quiet
    )
    deadline = time.monotonic() + 60
    while not running.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert running.exists()
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    table = results / "tables" / "final.csv"
    resumed = snakemake(
        "--cores", "1", str(table.relative_to(tmp_path)), directory=place(tmp_path, TINY)
    )
    assert resumed.returncode == 0, resumed.stderr
    assert done.stat().st_mtime_ns == finished_at
    assert table.exists(), resumed.stdout + resumed.stderr
