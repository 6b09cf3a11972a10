"""Files contain typed records with their provenance, and a write never leaves half a file."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from dirgrad.records import files
from dirgrad.records.training_schemas import CURVES, LANDSCAPE, TRIALS

ROWS = [
    {"experiment": "mlp", "seed": 0, "status": "ok", "final_loss": 0.25, "exclusive": True},
    {
        "experiment": "mlp",
        "seed": 1,
        "status": "diverged",
        "reason": "loss not finite",
        "final_loss": float("inf"),
    },
]
FACTS = {"commit": "abc", "settings": json.dumps({"steps": 4}), "cpu": "a \u00b5-processor"}


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trials.parquet"
    table = files.to_table(ROWS, TRIALS)
    files.write_records(table, FACTS, path)
    assert files.read_records([path], table.schema) == table
    assert files.read_provenance(path) == FACTS


def test_a_table_has_exactly_the_columns_of_its_schema() -> None:
    table = files.to_table([{"experiment": "mlp", "step": 3, "stray": 1}], CURVES)
    assert table.schema == CURVES
    assert table.column("loss").to_pylist() == [None]


@pytest.mark.parametrize("schema", [TRIALS, CURVES, LANDSCAPE])
def test_a_table_without_rows_has_the_types_of_its_schema(schema: pa.Schema) -> None:
    assert files.to_table([], schema).schema == schema


def test_files_are_read_in_the_order_of_the_paths(tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.parquet" for seed in (2, 0, 1)]
    for path in paths:
        table = files.to_table([{"seed": int(path.stem)}], TRIALS)
        # Files with different provenance can be read together.
        files.write_records(table, {"file": path.stem}, path)
    assert files.read_records(paths, TRIALS).column("seed").to_pylist() == [2, 0, 1]


def fail_half_way(part: Path) -> None:
    """Write a part of the text, and then fail."""
    part.write_text("hal")
    raise RuntimeError("half way")


def test_a_failed_write_leaves_the_old_file_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "trials.parquet"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half way"):
        files.write_atomically(path, fail_half_way)
    assert path.read_text() == "old"


def test_a_failed_write_creates_no_file(tmp_path: Path) -> None:
    path = tmp_path / "trials.parquet"
    with pytest.raises(RuntimeError, match="half way"):
        files.write_atomically(path, fail_half_way)
    assert not path.exists()


def test_a_successful_write_leaves_only_its_file(tmp_path: Path) -> None:
    path = tmp_path / "trials.parquet"
    path.write_text("old")
    files.write_atomically(path, lambda part: part.write_text("new"))
    contents = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert contents == {"trials.parquet": "new"}
