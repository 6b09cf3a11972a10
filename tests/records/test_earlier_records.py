"""Records of an earlier version are converted to the present schemas without a new value."""

import runpy
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dirgrad.analysis.tables import baydin
from dirgrad.config import validation
from dirgrad.records.files import read_provenance, read_records
from dirgrad.records.schemas import SCHEMAS
from support.hand_made_records import no_records
from support.paths import ROOT

SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "benchmarks/earlier_records.py"))
GPU = ROOT / "results/reference/gpu"
RENAMED = {
    "directions_k": "num_directions",
    "layers": "depth",
    "others_cpu_share": "other_cpu_fraction",
}
UNKNOWN = {
    "mlp/jax/trials": {"horizon_steps", "nonzeros", "keep", "support"},
    "mlp/jax/curves": set(),
    "cost/steps/torch/cost": {"flop_bound_over_forward", "joules", "device", "energy_source"},
}
"""Columns that the earlier version did not record, by file."""


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("converted")
    SCRIPT["convert"](GPU / "records", out, commit="98d602140e7a")
    return out


@pytest.mark.parametrize("name", UNKNOWN)
def test_conversion_keeps_every_value_and_leaves_unknown_ones_null(
    name: str, converted: Path
) -> None:
    earlier = pq.read_table(GPU / f"records/{name}.parquet")
    folder = "" if name.startswith("cost") else "training"
    present = pq.read_table(converted / folder / f"{name}.parquet")
    assert present.column_names == SCHEMAS[Path(name).name].names
    names = [RENAMED.get(column, column) for column in earlier.column_names]
    for column, values in zip(names, earlier.columns, strict=True):
        # As text, so that NaN equals NaN and null does not.
        assert list(map(str, present[column].to_pylist())) == list(map(str, values.to_pylist()))
    assert {*present.column_names} - {*names} == UNKNOWN[name]
    assert all(present[column].null_count == len(present) for column in UNKNOWN[name])


def test_the_conversion_states_the_commit_of_the_code(converted: Path) -> None:
    facts = read_provenance(converted / "training/mlp/jax/trials.parquet")
    assert facts["commit"] == "98d602140e7a"
    assert facts["device"] == "gpu: NVIDIA H200"


def test_a_column_that_the_present_schema_lacks_is_not_dropped() -> None:
    with pytest.raises(ValueError, match="trials: the present schema has no column 'speed'"):
        SCRIPT["converted"](pa.table({"speed": [1.0]}), "trials")


def test_the_committed_table_can_be_made_from_the_committed_records(converted: Path) -> None:
    config = validation.load([GPU / "config.yaml"], {})
    records = no_records()
    for kind in ("trials", "curves"):
        path = converted / f"training/cnn/jax/{kind}.parquet"
        records[kind] = read_records([path], SCHEMAS[kind]).to_pandas()
    remade = baydin.make(records, config.statistics).set_index("quantity")
    committed = pd.read_csv(GPU / "tables/baydin.csv").query("problem == 'cnn'")
    committed = committed.set_index("quantity")
    columns = ["value", "value_from", "value_to", "n", "n_reached", "lanes"]
    pd.testing.assert_frame_equal(remade[columns], committed[columns], check_dtype=False, rtol=1e-8)
