"""The Conda environments agree with the lock file."""

import pytest
import yaml

from support.paths import ROOT


def pinned_versions(lines: list[str]) -> dict[str, str]:
    """Return the versions of lines such as `name==version` by normalized name."""
    parts = (line.partition("==") for line in lines if "==" in line)
    return {name.lower().replace("_", "-"): version for name, _, version in parts}


LOCKED = pinned_versions((ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", ["jax", "torch", "report"])
def test_an_environment_has_the_versions_of_the_lock_file(name: str) -> None:
    text = (ROOT / f"envs/{name}.yaml").read_text(encoding="utf-8")
    dependencies = yaml.safe_load(text)["dependencies"]
    (packages,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    versions = pinned_versions(packages)
    assert len(versions) == len(packages)
    assert versions == {package: LOCKED.get(package) for package in versions}
