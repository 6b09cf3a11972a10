"""A damaged file of records is one sentence that names the file and says what to delete."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dirgrad.core.errors import UserError
from dirgrad.records import files
from dirgrad.records.schemas import SCHEMAS
from dirgrad.records.training_schemas import TRIALS
from support.hand_made_records import TRIAL


def written(path: Path) -> Path:
    """Write a file of one trial, and return its path."""
    files.write_records(files.to_table([TRIAL], TRIALS), {"commit": "abc"}, path)
    return path


@pytest.mark.parametrize("size", [0, 1, 7, 3000, -1])
def test_a_truncated_file_is_named(size: int, tmp_path: Path) -> None:
    path = written(tmp_path / "trials.parquet")
    path.write_bytes(path.read_bytes()[:size])
    for read in (lambda: files.read_records([path], TRIALS), lambda: files.read_provenance(path)):
        with pytest.raises(UserError, match=f"{path}: the file is damaged .*: delete it and run"):
            read()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_file_without_a_column_of_text_is_refused(kind: str, tmp_path: Path) -> None:
    schema, path = SCHEMAS[kind], tmp_path / f"{kind}.parquet"
    whole = files.to_table([{}], schema)
    files.write_records(whole.drop_columns(["backend"]), {}, path)
    with pytest.raises(UserError, match=f"{path}: column 'backend' is missing"):
        files.read_records([path], schema)


def test_a_column_of_another_type_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "trials.parquet"
    trials = files.to_table([TRIAL], TRIALS)
    position = trials.column_names.index("final_loss")
    pq.write_table(trials.set_column(position, "final_loss", pa.array(["low"])), path)
    with pytest.raises(UserError, match=f"{path}: the file is damaged"):
        files.read_records([path], TRIALS)


def test_a_file_without_provenance_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "trials.parquet"
    pq.write_table(files.to_table([TRIAL], TRIALS), path)
    with pytest.raises(UserError, match=re.escape(str(path))):
        files.read_provenance(path)


@pytest.mark.parametrize("folder", ["seed=3", "backend=zz", "experiment=1/a b=c"])
def test_names_of_folders_are_no_columns(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_partitioned(path: Path) -> None:
        raise pa.ArrowTypeError(f"{path}: field seed has incompatible types")

    # pyarrow 17 to 22 read a column from the name of a folder in `read_table`.
    monkeypatch.setattr(pq, "read_table", read_partitioned)
    path = written(tmp_path / folder / "trials.parquet")
    read = files.read_records([path], TRIALS)
    assert read.to_pylist() == files.to_table([TRIAL], TRIALS).to_pylist()


def test_a_missing_file_of_records_is_named_as_the_system_names_it(tmp_path: Path) -> None:
    path = tmp_path / "trials.parquet"
    for read in (files.read_provenance, lambda path: files.read_records([path], TRIALS)):
        with pytest.raises(FileNotFoundError) as error:
            read(path)
        assert error.value.filename == str(path)
