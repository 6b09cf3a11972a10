"""The root Snakefile and workflow/Snakefile are two entries to one workflow."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import ROOT

ENTRIES = ("Snakefile", "workflow/Snakefile")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout without results."""
    for name in ("Snakefile", "workflow", "profiles", "config", "src", "envs"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def dry_run(directory: Path, *arguments: str) -> str:
    """Return the plan that Snakemake prints."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", *arguments]
    process = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout + process.stderr


def output_lines(plan: str) -> list[str]:
    """Return the sorted lines of a plan with the outputs of its jobs."""
    lines = map(str.strip, plan.splitlines())
    return sorted(line for line in lines if line.startswith("output: "))


@pytest.mark.slow
@pytest.mark.parametrize("target", [[], ["baydin_fig3"]], ids=["the default target", "a figure"])
def test_both_entries_plan_equal_jobs(target: list[str], checkout: Path) -> None:
    root_outputs, inner_outputs = (
        output_lines(dry_run(checkout, "--snakefile", entry, *target, "--config", "tier=smoke"))
        for entry in ENTRIES
    )
    assert root_outputs
    assert root_outputs == inner_outputs


@pytest.mark.slow
@pytest.mark.parametrize("entry", [[], ["--snakefile", "workflow/Snakefile"]], ids=ENTRIES)
def test_snakemake_finds_the_profile_from_either_entry(entry: list[str], checkout: Path) -> None:
    plan = dry_run(checkout, *entry, "baydin_fig3", "--config", "tier=smoke")
    assert "profiles/default" in plan
    assert any("baydin_fig3" in line for line in output_lines(plan))
