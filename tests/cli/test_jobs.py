"""A job says at its end what it wrote, and how many of its trials failed."""

from pathlib import Path

import pytest
import yaml

from dirgrad.cli import main

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


def test_a_job_prints_its_files_and_the_outcome_of_its_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    out = tmp_path / "records"
    main.main(["run", "training/small/torch", "--config", str(config), "--out", str(out)])
    streams = capsys.readouterr()
    assert f"wrote {out}/trials.parquet: 4 rows (2 ok, 2 diverged)" in streams.err
    # Each trial has the points 0, 2 and 4; a trial that diverged ends at its first bad point.
    assert f"wrote {out}/curves.parquet: 10 rows" in streams.err
    assert streams.out == ""
