"""The instrument `memory` measures the peak of each program in a separate process."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from dirgrad.config import plan
from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import memory
from support.configuration import configured
from support.measured import QUADRATIC, measurement_config, measurement_path

pytestmark = pytest.mark.cpu


@pytest.mark.slow
def test_the_memory_of_a_forward_gradient_contains_parameters_and_inference_does_not(
    backend: Backend, tmp_path: Path
) -> None:
    # The allocator maps blocks above 32 MiB anew. A smaller array may take memory that the process
    # has freed but still holds, and then the resident set does not rise.
    width = 3072
    wide = {"kind": "mlp", "dataset": "digits", "hidden": [width, width]}
    config = measurement_config(
        backend.name, "memory", {"wide": wide}, estimators=["forward_gradient"], rounds=1
    )
    # The process runs in the default precision, float32.
    process_config = config | {"run": {"threads": 1}}
    config_path = tmp_path / "config.json"
    config_path.write_text(json.dumps(process_config))
    path = measurement_path("memory", backend.name)
    job = [path, "--config", str(config_path), "--out", str(tmp_path)]
    command = [sys.executable, "-m", "dirgrad", "run", *job]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    # JAX warns of a fork after its threads have started.
    assert "fork" not in process.stderr
    rows = pd.read_parquet(tmp_path / "memory.parquet").set_index("estimator")
    assert list(rows.index) == ["inference", "forward_gradient"]
    parameter_bytes = rows["parameter_bytes"].iloc[0]
    assert parameter_bytes == 4 * (64 * width + width + width**2 + width + width * 10 + 10)
    # A step allocates new parameters, and the forward gradient a direction of equal size.
    # Inference allocates neither.
    assert rows.loc["inference", "resident_peak_bytes"] < parameter_bytes
    assert rows.loc["forward_gradient", "resident_peak_bytes"] >= 0.9 * parameter_bytes
    assert rows["xla_temp_bytes"].notna().all() == (backend.name == "jax")


def test_a_process_that_dies_leaves_a_row_with_its_names_and_a_status(backend: Backend) -> None:
    options = {"estimators": ["backprop"], "rounds": 0, "timeline_seconds": 1.0}
    config = measurement_config(backend.name, "memory", {"tiny": QUADRATIC}, **options)
    job = plan.job(configured(config), measurement_path("memory", backend.name))

    def command(problem: str, batch_size: int, estimator: str, seconds: float) -> list[str]:
        return [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]

    rows = memory.run(job, Context(backend, stepping_command=command))["resident"].to_pylist()
    assert [row["estimator"] for row in rows] == ["inference", "backprop"]
    for row in rows:
        assert (row["memory"], row["problem"], row["problem_kind"]) == (
            "small",
            "tiny",
            "quadratic",
        )
        # A problem without data has no minibatch.
        assert row["batch_size"] == 0
        assert (row["status"], row["reason"]) == ("failed", "the process ended with signal 9")
        assert row["resident_bytes"] is None
