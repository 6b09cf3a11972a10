"""Manifest of a tier: the provenance of every cell and measurement, and trials by status."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from dirgrad.config.settings import Run
from dirgrad.records import machine_load, provenance
from dirgrad.records.files import read_provenance, read_records, write_atomically
from dirgrad.records.origin import run_id
from dirgrad.records.schemas import TRIALS

SHARED = (
    "dirgrad",
    "commit",
    "python",
    "numpy",
    "jax",
    "torch",
    "device",
    "platform",
    "cpu",
    "cpu_count",
)
"""Facts that the manifest lists once for the whole tier, with every value that occurs."""
JOB_FACTS = ("started", "commit", "settings_hash", "load_average_1min", "command")
"""Facts that the manifest lists for every job."""


def make(
    config: dict[str, Any], cells: dict[str, Path], measurements: dict[str, Path]
) -> dict[str, Any]:
    """Return the manifest of a tier, ready for JSON.

    Args:
        config: Configuration of the tier.
        cells: File of trials of each cell.
        measurements: File of records of each measurement.
    """
    cell_entries = {cell: _cell_entry(path) for cell, path in cells.items()}
    facts_by_job = {name: read_provenance(path) for name, path in (cells | measurements).items()}
    run_ids = {name: run_id(facts) for name, facts in facts_by_job.items()}
    run = Run.model_validate(config.get("run", {}))
    return {
        "tier": config["tier"],
        "run_id": provenance.digest(run_ids),
        "config_hash": provenance.digest(config),
        **_shared_facts(list(facts_by_job.values())),
        "threads": run.threads,
        "exclusive": run.exclusive,
        "trials_by_status": _trials_by_status(cell_entries.values()),
        "training_seconds": sum(entry["training_seconds"] for entry in cell_entries.values()),
        "config": config,
        "cells": cell_entries,
        "measurements": {name: _measurement_entry(path) for name, path in measurements.items()},
    }


def _shared_facts(all_facts: list[dict[str, str]]) -> dict[str, list[str]]:
    shared = {}
    for name in SHARED:
        values = {facts[name] for facts in all_facts if name in facts}
        shared[name] = sorted(values)
    return shared


def _trials_by_status(cell_entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for entry in cell_entries:
        counts = counts + Counter(entry["trials_by_status"])
    return dict(counts)


def _job_entry(path: Path) -> dict[str, Any]:
    facts = read_provenance(path)
    job_facts = {name: facts[name] for name in JOB_FACTS}
    return {"records": str(path.parent), "run_id": run_id(facts), **job_facts}


def _measurement_entry(path: Path) -> dict[str, Any]:
    """Return the entry of a measurement, with the machine load if the measurement is timed."""
    column = "other_cpu_fraction"
    if column not in pq.read_schema(path).names:
        return _job_entry(path)
    shares = pq.read_table(path, columns=[column])[column]
    share = pc.max(shares).as_py()
    noisy = share is not None and share > machine_load.NOISY_FRACTION
    return _job_entry(path) | {column: share, "noisy": noisy}


def _cell_entry(path: Path) -> dict[str, Any]:
    trials = read_records([path], TRIALS)
    statuses = trials.column("status").to_pylist()
    # Each trial records its share of the wall time of its lanes, so the sum is the wall time of
    # training without compilation and evaluation.
    seconds = trials.column("train_seconds").to_pylist()
    return {
        **_job_entry(path),
        "trials_by_status": dict(Counter(statuses)),
        "training_seconds": sum(value or 0.0 for value in seconds),
    }


def write(manifest: dict[str, Any], path: Path) -> None:
    """Write the manifest as JSON, atomically."""
    text = json.dumps(manifest, indent=1) + "\n"
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
