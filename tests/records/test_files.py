"""Records: typed rows with their provenance, written whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.records import files, provenance, schemas

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


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = files.to_table(ROWS, schemas.TRIALS)
    files.write_records(made, FACTS, tmp_path / "deep" / "trials.parquet")
    assert files.read_records([tmp_path / "deep" / "trials.parquet"], made.schema) == made
    assert files.read_provenance(tmp_path / "deep" / "trials.parquet") == FACTS


def test_a_table_has_exactly_the_columns_of_its_schema() -> None:
    made = files.to_table([{"experiment": "mlp", "step": 3, "stray": 1}], schemas.CURVES)
    assert made.schema == schemas.CURVES
    assert made.column("loss").to_pylist() == [None]


@pytest.mark.parametrize("schema", [schemas.TRIALS, schemas.CURVES, schemas.LANDSCAPE])
def test_a_table_without_rows_keeps_its_types(schema: pa.Schema) -> None:
    assert files.to_table([], schema).schema == schema


def test_files_are_read_in_the_order_given_whatever_their_provenance(tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.parquet" for seed in (2, 0, 1)]
    for path in paths:
        files.write_records(
            files.to_table([{"seed": int(path.stem)}], schemas.TRIALS), {"file": path.stem}, path
        )
    assert files.read_records(paths, schemas.TRIALS).column("seed").to_pylist() == [2, 0, 1]


def test_a_save_that_fails_leaves_the_old_file_untouched(tmp_path: Path) -> None:
    path = tmp_path / "trials.parquet"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half way"):
        files.write_atomically(path, half)
    assert path.read_text() == "old"


def test_a_save_that_fails_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="half way"):
        files.write_atomically(tmp_path / "trials.parquet", half)
    assert not (tmp_path / "trials.parquet").exists()


def test_a_save_that_succeeds_leaves_only_its_file(tmp_path: Path) -> None:
    (tmp_path / "trials.parquet").write_text("old")
    files.write_atomically(tmp_path / "trials.parquet", lambda part: part.write_text("new"))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"trials.parquet": "new"}


def half(part: Path) -> None:
    part.write_text("hal")
    raise RuntimeError("half way")


@pytest.mark.parametrize(
    ("schema", "columns"),
    [
        (
            schemas.TRIALS,
            {
                "experiment",
                "problem",
                "backend",
                "estimator",
                "direction",
                "num_directions",
                "optimizer",
                "learning_rate",
            },
        ),
        (
            schemas.TRIALS,
            {
                "seed",
                "status",
                "reason",
                "steps",
                "evaluations",
                "final_loss",
                "valid_loss",
                "valid_accuracy",
            },
        ),
        (
            schemas.TRIALS,
            {
                "train_seconds",
                "step_seconds",
                "compile_seconds",
                "threads",
                "lanes",
                "precision",
                "exclusive",
            },
        ),
        (
            schemas.CURVES,
            {
                "experiment",
                "backend",
                "estimator",
                "learning_rate",
                "seed",
                "step",
                "train_seconds",
                "loss",
            },
        ),
        (
            schemas.CURVES,
            {"train_accuracy", "valid_loss", "valid_accuracy", "batch_loss", "theta_0", "theta_1"},
        ),
        (schemas.LANDSCAPE, {"experiment", "theta_0", "theta_1", "loss"}),
    ],
)
def test_a_schema_has_the_columns_that_tables_need(schema: pa.Schema, columns: set[str]) -> None:
    assert columns <= set(schema.names)
    assert len(schema.names) == len(set(schema.names))


def test_a_trial_ends_in_one_of_four_ways() -> None:
    assert [str(status) for status in schemas.Status] == [
        "ok",
        "diverged",
        "timeout",
        "unsupported",
    ]


WORDS = st.text("abc", max_size=3)
SETTINGS = st.dictionaries(WORDS, st.one_of(st.integers(), st.booleans(), WORDS), max_size=5)


@given(SETTINGS)
@settings(max_examples=50, deadline=None)
def test_a_digest_does_not_depend_on_the_order_of_keys(part: dict[str, Any]) -> None:
    backwards = dict(reversed(part.items()))
    assert provenance.digest({"a": part, "b": 1}) == provenance.digest({"b": 1, "a": backwards})


def test_a_digest_changes_with_a_value() -> None:
    one, other = (provenance.digest({"training": {"steps": steps}}) for steps in (1, 2))
    assert one != other
    assert len(one) == len(other) == 12


def test_the_commit_is_a_word() -> None:
    assert len(provenance.commit().split()) == 1


def test_outside_a_repository_the_commit_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert provenance.commit() == "unknown"


def test_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == "unknown"


def test_provenance_is_text_and_holds_the_settings_and_what_the_backend_says() -> None:
    facts = provenance.collect({"training": {"steps": 4}}, {"jax": "1.2.3", "device": "cpu"})
    assert all(isinstance(value, str) and value for key, value in facts.items() if key != "command")
    assert facts["jax"] == "1.2.3"
    assert json.loads(facts["settings"]) == {"training": {"steps": 4}}
    assert facts["settings_hash"] == provenance.digest({"training": {"steps": 4}})
