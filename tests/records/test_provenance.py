"""The provenance of a record contains its code, its settings and its environment as text."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.records import provenance

WORDS = st.text("abc", max_size=3)
SETTINGS = st.dictionaries(WORDS, st.one_of(st.integers(), st.booleans(), WORDS), max_size=5)


@given(SETTINGS)
@settings(max_examples=50, deadline=None)
def test_a_digest_does_not_depend_on_the_order_of_keys(options: dict[str, Any]) -> None:
    reordered = dict(reversed(options.items()))
    digest = provenance.digest({"a": options, "b": 1})
    assert digest == provenance.digest({"b": 1, "a": reordered})


def test_a_digest_changes_with_a_value_but_not_its_length() -> None:
    first, second = (provenance.digest({"training": {"steps": steps}}) for steps in (1, 2))
    assert first != second
    assert len(first) == len(second) == 12


def test_the_commit_is_a_single_word() -> None:
    assert len(provenance.commit().split()) == 1


def test_the_commit_is_unknown_outside_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert provenance.commit() == "unknown"


def test_the_commit_is_unknown_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == "unknown"


def test_provenance_contains_the_settings_and_the_environment_as_text() -> None:
    options = {"training": {"steps": 4}}
    facts = provenance.collect(options, {"jax": "1.2.3", "device": "cpu"})
    # The command is empty in a process without arguments.
    required = [value for name, value in facts.items() if name != "command"]
    assert all(isinstance(value, str) and value for value in required)
    assert facts["jax"] == "1.2.3"
    assert json.loads(facts["settings"]) == options
    assert facts["settings_hash"] == provenance.digest(options)


def test_a_processor_has_its_own_name_and_a_gpu_the_name_of_the_framework(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provenance, "cpu_model", lambda: "AMD EPYC")
    assert provenance.device_name({"device": "cpu: cpu"}) == "cpu: AMD EPYC"
    assert provenance.device_name({"device": "gpu: NVIDIA H200"}) == "gpu: NVIDIA H200"
