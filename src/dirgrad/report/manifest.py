"""What a tier's results rest on: every cell with its provenance and the fate of its trials."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from dirgrad.config.settings import Run
from dirgrad.records import machine_load, provenance
from dirgrad.records.files import read_provenance as provenance_of
from dirgrad.records.files import read_records, write_atomically
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


def make(
    config: dict[str, Any], cells: dict[str, Path], measurements: dict[str, Path]
) -> dict[str, Any]:
    """config: the tier's. cells: the file of trials of every cell. measurements: a file of records of every measurement."""
    each = {cell: _cell(path) for cell, path in cells.items()}
    jobs = {name: provenance_of(path) for name, path in (cells | measurements).items()}
    facts = list(jobs.values())
    run = Run.model_validate(config.get("run", {}))
    return {
        "tier": config["tier"],
        "run_id": provenance.digest({name: run_id(one) for name, one in jobs.items()}),
        "config_hash": provenance.digest(config),
        **{name: sorted({one[name] for one in facts if name in one}) for name in SHARED},
        "threads": run.threads,
        "exclusive": run.exclusive,
        "trials_by_status": dict(
            sum((Counter(one["trials_by_status"]) for one in each.values()), Counter())
        ),
        "training_seconds": sum(one["training_seconds"] for one in each.values()),
        "config": config,
        "cells": each,
        "measurements": {name: _measured(path) for name, path in measurements.items()},
    }


def _origin(path: Path) -> dict[str, Any]:
    facts = provenance_of(path)
    told = {
        name: facts[name]
        for name in ("started", "commit", "settings_hash", "load_average_1min", "command")
    }
    return {"records": str(path.parent), "run_id": run_id(facts), **told}


def _measured(path: Path) -> dict[str, Any]:
    """Of a measurement of time, also whether the machine did something else meanwhile."""
    schema = pq.read_schema(path)
    if "other_cpu_fraction" not in schema.names:
        return _origin(path)
    share = pc.max(
        pq.read_table(path, columns=["other_cpu_fraction"])["other_cpu_fraction"]
    ).as_py()
    return _origin(path) | {
        "other_cpu_fraction": share,
        "noisy": share is not None and share > machine_load.NOISY,
    }


def _cell(path: Path) -> dict[str, Any]:
    trials = read_records([path], TRIALS)
    statuses = trials.column("status").to_pylist()
    return {
        **_origin(path),
        "trials_by_status": dict(Counter(statuses)),
        # A trial's share of the wall time of its lanes: they add up to the wall time of training alone.
        "training_seconds": sum(
            seconds or 0.0 for seconds in trials.column("train_seconds").to_pylist()
        ),
    }


def write(manifest: dict[str, Any], path: Path) -> None:
    """As JSON, atomically."""
    write_atomically(
        path, lambda part: part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    )
