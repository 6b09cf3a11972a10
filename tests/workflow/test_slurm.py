"""The workflow runs on a Slurm cluster; every profile keeps what a run relies on."""

import os
import subprocess
import sys

import pytest
import yaml

from support.paths import ROOT

SKIPPED = 77


@pytest.mark.parametrize("name", ["slurm", "local"])
def test_every_profile_has_the_settings_of_the_default_one(name: str) -> None:
    profile, default = (
        yaml.safe_load((ROOT / "profiles" / folder / "profile.yaml").read_text(encoding="utf-8"))
        for folder in (name, "default")
    )
    # The number of cores on this machine does not limit a cluster.
    default.pop("cores")
    assert default.items() <= profile.items()


@pytest.mark.slurm
@pytest.mark.slow
def test_the_smoke_tier_runs_through_slurm_and_survives_the_death_of_a_node() -> None:
    environment = os.environ | {"PYTHON": sys.executable}
    script = subprocess.run(
        [ROOT / "tests" / "slurm.sh"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if script.returncode == SKIPPED:
        pytest.skip(script.stderr.strip())
    assert script.returncode == 0, script.stderr
