"""A training job of four steps, run by the command line."""

from pathlib import Path

import yaml

CONFIG = {
    "tier": "test",
    "backends": ["torch"],
    "run": {"threads": 1},
    "estimators": {"backprop": "backprop"},
    "experiments": {
        "small": {
            "problem": "beale",
            "optimizer": "sgd",
            "learning_rates": [1e-3, 1e3],
            "seeds": 2,
            "steps": 4,
            "record_every": 2,
            "estimators": ["backprop"],
        }
    },
}


def arguments(directory: Path, framework: str = "torch") -> list[str]:
    """Return the command line of a small job that writes to a directory."""
    config = directory / "config.yaml"
    config.write_text(yaml.safe_dump(CONFIG | {"backends": [framework]}), encoding="utf-8")
    out = directory / "records"
    return ["run", f"training/small/{framework}", "--config", str(config), "--out", str(out)]
