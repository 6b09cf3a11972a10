"""A table that lacks a column or is damaged is refused, and never taken for absent evidence."""

from pathlib import Path

import pandas as pd
import pytest

from dirgrad.analysis import claims_table, tier_results
from dirgrad.analysis.complete_tables import read_complete_table
from dirgrad.core.errors import UserError
from dirgrad.report import readme_tables
from support.paths import ROOT

TABLES = ROOT / "results/reference/sequences/tables"
NAMES = ["final", "cost", "quality"]


def without(name: str, column: str, directory: Path) -> Path:
    """Write a committed table without one of its columns, and return its path."""
    path = directory / f"{name}.csv"
    pd.read_csv(TABLES / path.name).drop(columns=column).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_table_is_complete(name: str) -> None:
    assert len(read_complete_table(TABLES / f"{name}.csv"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("column", ["estimator", "backend", "problem"])
def test_claims_refuse_a_table_without_a_column(name: str, column: str, tmp_path: Path) -> None:
    path = without(name, column, tmp_path)
    with pytest.raises(UserError, match=f"{path}: column '{column}' is missing"):
        claims_table.read(tmp_path)


def test_claims_refuse_the_beginning_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "final.csv"
    path.write_bytes((TABLES / "final.csv").read_bytes()[:200])
    with pytest.raises(UserError, match=f"{path}: the file is cut off"):
        claims_table.read(tmp_path)


def test_a_table_without_rows_may_have_fewer_columns(tmp_path: Path) -> None:
    path = tmp_path / "targets.csv"
    path.write_text("experiment,backend,estimator\n")
    assert claims_table.read(tmp_path)["targets"].empty


@pytest.mark.parametrize("column", ["question", "verdict", "lowest"])
def test_an_answer_names_the_file_that_lacks_a_column(column: str, tmp_path: Path) -> None:
    path = without("claims", column, tmp_path)
    with pytest.raises(UserError, match=f"{path}: column '{column}' is missing"):
        readme_tables.answers_page([path])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: invalid JSON"),
        ("{", "line 1: invalid JSON"),
        ("[]", "the file: "),
        ("{}", "tier: the key is missing"),
        ('{"tier": "default", "jobs": 1.5}', "run_id: the key is missing"),
    ],
)
def test_a_damaged_manifest_is_named(text: str, reason: str, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(text)
    with pytest.raises(UserError, match=f"{manifest}: {reason}"):
        tier_results.read(tmp_path, "default")
