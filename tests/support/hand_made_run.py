"""A run of one experiment: its manifest, its verdicts, and a file for each of its results."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from dirgrad.config import validation
from dirgrad.config.settings import Config
from dirgrad.report.review import packed_files
from support.pages import CLAIMS

BEALE = {
    "problem": "beale",
    "optimizer": "sgd",
    "learning_rates": [0.01],
    "seeds": 2,
    "steps": 20,
    "record_every": 10,
    "estimators": ["backprop"],
}
CONFIG: Config = validation.check(
    {
        "config.yaml": {
            "tier": "small",
            "backends": ["jax"],
            "estimators": {"backprop": {"kind": "backprop"}},
            "experiments": {"beale": BEALE},
        }
    }
)
JOB = "training/beale/jax"
MANIFEST: dict[str, Any] = {
    "tier": "small",
    "run_id": "0123456789ab",
    "config_hash": "ab",
    "dirgrad": ["0.1.0"],
    "commit": ["abcdefabcdef"],
    "python": ["3.11.7"],
    "numpy": ["2.4.6"],
    "jax": ["0.10.2"],
    "device": ["cpu: AMD EPYC"],
    "platform": ["Linux"],
    "cpu": ["AMD EPYC"],
    "cpu_count": ["2"],
    "threads": 1,
    "exclusive": False,
    "trials_by_status": {"ok": 2},
    "training_seconds": 30.0,
    "config": CONFIG.model_dump(mode="json"),
    "jobs": {
        JOB: {
            "run_id": "feedfeedfeed",
            "started": "2026-11-28T23:59:00+00:00",
            "seconds": 90.0,
            "training_seconds": 30.0,
        }
    },
}
VERDICTS = CLAIMS.assign(
    n=[5.0, float("nan")],
    tables=["final", "bench"],
    tier="small",
)
"""Two claims; only the first was measured, at two places, from the table `final`."""


def write_run(directory: Path, verdicts: pd.DataFrame = VERDICTS) -> None:
    """Write all results of the run under the names that they have in a pack."""
    for name in packed_files.result_names(CONFIG):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")
    results = directory / "results/small"
    (results / "manifest.json").write_text(json.dumps(MANIFEST))
    verdicts.to_csv(results / "tables/claims.csv", index=False)
