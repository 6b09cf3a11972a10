"""Manifest that the front pages of this folder are made from."""

import json
from typing import Any

import pytest

from dirgrad.config import validation
from support.paths import ROOT


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """Return the manifest of the reference, with the current configuration and a noisy job."""
    path = ROOT / "results/reference/default/manifest.json"
    reference: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    training = {
        name: entry | {"run_id": "bb"}
        for name, entry in reference["jobs"].items()
        if name.startswith("training/")
    }
    noisy_entry = {"run_id": "aa", "other_cpu_fraction": 0.31, "noisy": True}
    return reference | {
        "config": validation.load([ROOT / "config/config.yaml"]).model_dump(mode="json"),
        "jobs": training | {"cost/baydin/jax": noisy_entry},
        "run_id": "feedfeedfeed",
        "threads": 1,
        "exclusive": False,
    }
