"""A table is read from its CSV file with names as text; a damaged file is one sentence."""

from pathlib import Path

import pandas as pd
import pytest

from dirgrad.core.errors import UserError
from dirgrad.records import files
from dirgrad.records.csv_tables import read_table

NAMES = ["nan", "inf", "true", "null", "na", "none", "1e5", "0x10", "-1", "2020-01-01"]
DAMAGED = {
    "empty": b"",
    "a line break": b"\n",
    "cut in a row": b"estimator,n\nbackprop,1\nforw",
    "cut in the header": b"estimator,n",
    "too many cells": b"estimator,n\nbackprop,1,2\n",
    "binary": b"\x89PNG\r\n\x1a\n\x00\xff\n",
}


@pytest.mark.parametrize("column", ["estimator", "experiment", "cost", "problem", "tier", "id"])
def test_names_that_look_like_other_values_stay_text(column: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    table = pd.DataFrame({column: NAMES, "n": range(len(NAMES))})
    files.write_table(table, path)
    assert read_table(path)[column].to_list() == NAMES


def test_an_empty_cell_is_null_and_numbers_stay_numbers(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    table = pd.DataFrame(
        {"reason": [None, "slow"], "loss": [None, float("inf")], "best_rate": [True, False]}
    )
    table["exclusive"] = pd.Series([True, None], dtype=object)
    files.write_table(table, path)
    read = read_table(path)
    assert read["reason"].isna().to_list() == [True, False]
    assert read["loss"].isna().to_list() == [True, False]
    assert read["loss"][1] == float("inf")
    assert read["best_rate"].dtype == bool
    assert read["exclusive"][0] is True


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_one_sentence_with_its_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "final.csv"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_table(path)
    text = str(error.value)
    assert text.startswith(f"{path}: the file is ")
    assert text.endswith(": delete it and run again")
    assert "\n" not in text


@pytest.mark.parametrize("text", ["x", "1.5.2", "0:1", "2020-01-01"])
@pytest.mark.parametrize("column", ["final_loss", "loss_low", "steps_to_target_from", "best_rate"])
def test_a_text_among_numbers_is_damage(column: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "final.csv"
    path.write_text(f"estimator,{column}\nbackprop,True\nbackprop,\nbackprop,{text}\n")
    with pytest.raises(UserError, match=f"{path}: .*column '{column}' has no number but '{text}'"):
        read_table(path)


def test_a_missing_file_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "final.csv")
