"""The results of one run: its tables and what its manifest states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dirgrad.analysis import claims_table
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.core.errors import UserError
from dirgrad.records import manifest_file

FRAMEWORKS = ("jax", "torch")


@dataclass(frozen=True)
class TierResults:
    """The results of one run.

    Attributes:
        tables: The tables, by name.
        tier: Name of the configuration.
        versions: Versions of each framework that the manifest lists.
        noisy_jobs: Measurements of cost during which other processes used the machine.
        config: The configuration, as the manifest states it.
    """

    tables: Tables
    tier: str
    versions: Mapping[str, tuple[str, ...]]
    noisy_jobs: frozenset[str] = frozenset()
    config: Mapping[str, Any] = field(default_factory=dict)


def read(directory: Path, tier: str) -> TierResults:
    """Read the results of a run from its directory.

    Raises:
        UserError: The directory has no run or a damaged one, or the run has another tier.
    """
    path = directory / "manifest.json"
    if not path.is_file():
        raise UserError(
            f"{directory}: this directory has no run: "
            f"create results/{tier} with `snakemake --config tier={tier}`"
        )
    manifest = manifest_file.read(path)
    if manifest["tier"] != tier:
        raise UserError(
            f"{path}: the run has the tier '{manifest['tier']}', expected '{tier}': "
            "name another directory"
        )
    versions = {name: tuple(manifest.get(name, ())) for name in FRAMEWORKS}
    noisy = frozenset(job for job, entry in manifest["jobs"].items() if entry.get("noisy"))
    tables = claims_table.read(directory / "tables")
    return TierResults(tables, tier, versions, noisy, manifest["config"])
