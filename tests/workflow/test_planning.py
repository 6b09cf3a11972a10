"""Planning needs no framework and no NumPy; a missing framework is reported when a job needs it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.paths import ROOT

ABSENT = ("jax", "jaxlib", "torch", "numpy", "pandas", "scipy", "pyarrow", "matplotlib", "sklearn")
CONFIG = {
    "tier": "default",
    "backends": ["jax", "torch"],
    "estimators": {"backprop": "backprop"},
    "experiments": {
        "mlp": {
            "problem": {"kind": "mlp", "dataset": "digits"},
            "optimizer": "sgd",
            "learning_rates": [0.1],
            "seeds": 1,
            "steps": 10,
            "record_every": 10,
            "estimators": ["backprop"],
        }
    },
}
RECORDS = "results/default/records/training/mlp/torch/trials.parquet"


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """Return a folder with the installed libraries, without the absent ones."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    for path in map(Path, sys.path):
        for entry in path.iterdir() if path.name == "site-packages" else ():
            absent = entry.name.partition("-")[0].partition(".")[0] in ABSENT
            if not absent and not (folder / entry.name).exists():
                (folder / entry.name).symlink_to(entry)
    return folder


@pytest.mark.slow
def test_a_plan_needs_no_framework_and_a_run_names_the_one_that_it_lacks(
    libraries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    monkeypatch.setenv("PYTHONPATH", str(libraries))
    # Without `site`, Python has only its own library and PYTHONPATH.
    command = [sys.executable, "-S", "-P", "-m", "snakemake", "--cores", "1", RECORDS]
    command += ["--snakefile", str(ROOT / "workflow" / "Snakefile")]
    plan, run = (
        subprocess.run(
            [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        for options in (["--dry-run"], [])
    )
    assert plan.returncode == 0, plan.stderr
    assert RECORDS in plan.stdout
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("dirgrad: ")]
    assert line.startswith("dirgrad: backend 'torch' is not installed: run `pip install torch`")
    assert run.returncode == 2
    assert "Traceback" not in run.stdout + run.stderr
