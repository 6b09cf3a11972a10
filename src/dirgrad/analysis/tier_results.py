"""The results of one run: its tables and what its manifest states."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dirgrad.analysis import claims_table
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.core.errors import UserError
from dirgrad.records import damage

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
    manifest = directory / "manifest.json"
    if not manifest.is_file():
        raise UserError(
            f"{directory}: this directory has no run: "
            f"create results/{tier} with `snakemake --config tier={tier}`"
        )
    with damage.named(manifest):
        facts = json.loads(manifest.read_text(encoding="utf-8"))
        run_tier = facts["tier"]
    if run_tier != tier:
        raise UserError(
            f"{manifest}: the run has the tier '{run_tier}', expected '{tier}': "
            "name another directory"
        )
    if "config" not in facts:
        raise UserError(
            f"{manifest}: the manifest states no configuration: "
            "make it again with `dirgrad manifest`"
        )
    versions = {name: tuple(facts.get(name, ())) for name in FRAMEWORKS}
    noisy = frozenset(job for job, entry in facts.get("jobs", {}).items() if entry.get("noisy"))
    tables = claims_table.read(directory / "tables")
    return TierResults(tables, tier, versions, noisy, facts["config"])
