"""A small tier, and runs of the workflow in a directory of a test."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from support.paths import ROOT

ENTRY = ["--snakefile", str(ROOT / "workflow" / "Snakefile")]
# Snakemake looks for the profile in the working directory, and these runs work elsewhere.
PROFILE = ["--workflow-profile", str(ROOT / "profiles" / "default")]
PYTHON = [sys.executable, "-P", "-m"]
SNAKEMAKE = [*PYTHON, "snakemake", *PROFILE, *ENTRY]
RESULTS = Path("results/small")
BEALE = {
    "problem": "beale",
    "optimizer": "sgd",
    "learning_rates": [0.01, 10.0],
    "seeds": 9,
    "steps": 20,
    "record_every": 10,
    "estimators": ["backprop", "forward_gradient"],
}


def small_config(**more_experiments: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with the experiment `beale`; its larger learning rate diverges."""
    return {
        "tier": "small",
        "backends": ["jax"],
        "statistics": {"resamples": 50},
        "estimators": {
            "backprop": {"kind": "backprop"},
            "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
        },
        "experiments": {"beale": BEALE, **more_experiments},
    }


OVERLAY = {"tier": "small", "experiments": {"beale": {"seeds": 2}}}


def write_config(directory: Path, config: dict[str, Any]) -> None:
    """Write a configuration, and an overlay with two seeds."""
    (directory / "config").mkdir(parents=True, exist_ok=True)
    (directory / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    (directory / "config" / "small.yaml").write_text(yaml.safe_dump(OVERLAY))


def run(*command: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def snakemake(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return run(*SNAKEMAKE, *arguments, directory=directory)


def printed(process: subprocess.CompletedProcess[str]) -> str:
    return process.stdout + process.stderr
