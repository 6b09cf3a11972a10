"""Manifest of a tier: the provenance of every job, and trials by status."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from dirgrad.config import plan
from dirgrad.config.settings import JOB_KINDS, Config
from dirgrad.records import machine_load, provenance
from dirgrad.records.files import read_provenance, read_records, write_atomically
from dirgrad.records.origin import run_id
from dirgrad.records.schemas import SCHEMAS
from dirgrad.records.training_schemas import TRIALS

SHARED = (
    "dirgrad",
    "commit",
    "python",
    "numpy",
    "jax",
    "torch",
    "device",
    "environment",
    "platform",
    "cpu",
    "cpu_count",
)
"""Facts that the manifest lists once for the whole tier, with every value that occurs."""
JOB_FACTS = ("started", "commit", "settings_hash", "load_average_1min", "command")
"""Facts that the manifest lists for every job."""
LOAD = "other_cpu_fraction"
"""Column of the share of CPU time that other processes used."""


def make(config: Config, records: Path) -> dict[str, Any]:
    """Return the manifest of a tier, ready for JSON.

    Args:
        config: Configuration of the tier.
        records: Directory of the records.
    """
    paths = {
        path: records / path / f"{JOB_KINDS[job.kind].records[0]}.parquet"
        for path, job in plan.jobs(config).items()
    }
    facts_by_job = {job: read_provenance(path) for job, path in paths.items()}
    entries = {job: _job_entry(path, facts_by_job[job]) for job, path in paths.items()}
    plain = config.model_dump(mode="json")
    return {
        "tier": config.tier,
        "run_id": provenance.digest({job: run_id(facts) for job, facts in facts_by_job.items()}),
        "config_hash": provenance.digest(plain),
        **_shared_facts(list(facts_by_job.values())),
        "threads": config.run.threads,
        "exclusive": config.run.exclusive,
        "trials_by_status": _trials_by_status(entries.values()),
        "training_seconds": sum(entry.get("training_seconds", 0.0) for entry in entries.values()),
        "config": plain,
        "jobs": entries,
    }


def _shared_facts(all_facts: list[dict[str, str]]) -> dict[str, list[str]]:
    shared = {}
    for name in SHARED:
        values = {facts[name] for facts in all_facts if name in facts}
        shared[name] = sorted(values)
    return shared


def _trials_by_status(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for entry in entries:
        counts = counts + Counter(entry.get("trials_by_status", {}))
    return dict(counts)


def _job_entry(path: Path, facts: Mapping[str, str]) -> dict[str, Any]:
    """Return the entry of a job, with the outcome of its trials or the load of its machine."""
    job_facts: dict[str, Any] = {name: facts[name] for name in JOB_FACTS}
    # Records of earlier versions do not state the wall time of their job.
    if "seconds" in facts:
        job_facts["seconds"] = float(facts["seconds"])
    entry = {"records": str(path.parent), "run_id": run_id(facts), **job_facts}
    if path.stem == "trials":
        return entry | _training_columns(path)
    return entry | _load_columns(path) if LOAD in SCHEMAS[path.stem].names else entry


def _load_columns(path: Path) -> dict[str, Any]:
    """Return the largest share of CPU time that other processes used during a timed job."""
    shares = read_records([path], SCHEMAS[path.stem])[LOAD]
    share = pc.max(shares).as_py()
    noisy = share is not None and share > machine_load.NOISY_FRACTION
    return {LOAD: share, "noisy": noisy}


def _training_columns(path: Path) -> dict[str, Any]:
    """Return the number of trials by status and their training time."""
    trials = read_records([path], TRIALS)
    statuses = trials.column("status").to_pylist()
    # Each trial records its share of the wall time of its lanes, so the sum is the wall time of
    # training without compilation and evaluation.
    seconds = trials.column("train_seconds").to_pylist()
    return {
        "trials_by_status": dict(Counter(statuses)),
        "training_seconds": sum(value or 0.0 for value in seconds),
    }


def write(manifest: dict[str, Any], path: Path) -> None:
    """Write the manifest as JSON, atomically."""
    text = json.dumps(manifest, indent=1) + "\n"
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
