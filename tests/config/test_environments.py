"""The Conda environments agree with the lock file, and have what the code of their jobs imports."""

import sys

import grimp
import pytest
import yaml

from support.paths import ROOT


def pinned_versions(lines: list[str]) -> dict[str, str]:
    """Return the versions of lines such as `name==version` by normalized name."""
    parts = (line.partition("==") for line in lines if "==" in line)
    return {name.lower().replace("_", "-"): version for name, _, version in parts}


LOCKED = pinned_versions((ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines())


JOBS = ("cli.jobs", "runs", "components")
ENTRIES = {
    "jax": (*JOBS, "backends.jax"),
    "torch": (*JOBS, "backends.torch"),
    "report": ("cli.results", "cli.verdicts", "cli.pages", "config", "components"),
}
"""Modules, and packages with all their modules, that the jobs of an environment run."""
PACKAGES = {"PIL": "pillow", "yaml": "pyyaml", "pydantic-core": "pydantic"}
"""Packages whose name is not the one of their module."""
NOT_CALLED = {"jax": {"grimp"}, "torch": {"grimp"}, "report": set()}
"""Imports in functions that no job of an environment calls: only the workflow looks at imports."""


def environment(name: str) -> list[str]:
    """Return the packages of an environment, such as `numpy==2.4.6`."""
    text = (ROOT / f"envs/{name}.yaml").read_text(encoding="utf-8")
    dependencies = yaml.safe_load(text)["dependencies"]
    (packages,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    return packages


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("dirgrad", include_external_packages=True, cache_dir=None)


def imported_packages(imports: grimp.ImportGraph, entries: tuple[str, ...]) -> set[str]:
    """Return the packages that modules import, also indirectly and within functions."""
    modules = {f"dirgrad.{entry}" for entry in entries}
    modules |= {inner for module in modules for inner in imports.find_descendants(module)}
    upstream = modules.union(*map(imports.find_upstream_modules, modules))
    names = {module.partition(".")[0] for module in upstream} - {"dirgrad"}
    libraries = (name.replace("_", "-") for name in names - set(sys.stdlib_module_names))
    return {PACKAGES.get(name, name) for name in libraries}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_environment_has_the_versions_of_the_lock_file(name: str) -> None:
    packages = environment(name)
    versions = pinned_versions(packages)
    assert len(versions) == len(packages)
    assert versions == {package: LOCKED.get(package) for package in versions}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_environment_has_every_package_that_its_jobs_import(
    name: str, imports: grimp.ImportGraph
) -> None:
    needed = imported_packages(imports, ENTRIES[name]) - NOT_CALLED[name]
    assert needed - set(pinned_versions(environment(name))) == set()
