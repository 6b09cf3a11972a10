"""The provenance of a record contains its code, its settings and its environment as text."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
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


def git(directory: Path, *arguments: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(directory), *author, *arguments], check=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with one commit, whose package the provenance takes for its own."""
    module = tmp_path / "src/dirgrad/records/provenance.py"
    module.parent.mkdir(parents=True)
    module.write_text("")
    (tmp_path / ".gitignore").write_text("results/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    monkeypatch.setattr(provenance, "__file__", str(module))
    return tmp_path


def test_the_commit_has_twelve_digits(checkout: Path) -> None:
    assert re.fullmatch("[0-9a-f]{12}", provenance.commit())


@pytest.mark.parametrize(
    "path",
    [
        "src/dirgrad/records/provenance.py",
        ".gitignore",
        "src/dirgrad/components/estimators/squashed.py",
        "config/mine.yaml",
    ],
)
def test_a_changed_or_a_new_file_makes_the_commit_dirty(path: str, checkout: Path) -> None:
    file = checkout / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("changed\n")
    assert re.fullmatch("[0-9a-f]{12}-dirty", provenance.commit())


def test_results_and_other_files_do_not_make_the_commit_dirty(checkout: Path) -> None:
    for path in ("results/final.csv", "notes.txt"):
        (checkout / path).parent.mkdir(exist_ok=True)
        (checkout / path).write_text("x")
    assert not provenance.commit().endswith("-dirty")


def test_the_commit_is_not_that_of_a_repository_around_the_package(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = checkout / "venv/site-packages/dirgrad/records/provenance.py"
    copied.parent.mkdir(parents=True)
    copied.write_text("")
    monkeypatch.setattr(provenance, "__file__", str(copied))
    assert provenance.commit() == "unknown"


def test_the_commit_is_not_that_of_the_repository_of_a_hook(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = provenance.commit()
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert provenance.commit() == expected


def test_the_commit_of_a_repository_of_another_owner_is_read(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # git itself takes the owner for another one if this variable is set.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert provenance.commit() != "unknown"


def test_the_commit_is_unknown_outside_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIRGRAD_COMMIT", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert provenance.commit() == "unknown"


@pytest.mark.parametrize(
    ("stated", "recorded"),
    [
        ("0123456789ab", "0123456789ab-stated"),
        ("0123456789ab-dirty", "0123456789ab-dirty-stated"),
        ("unknown", "unknown"),
        ("main", "unknown"),
    ],
)
def test_a_commit_that_the_environment_states_is_marked(
    stated: str, recorded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("DIRGRAD_COMMIT", stated)
    assert provenance.commit() == recorded


def test_git_overrides_the_commit_that_the_environment_states(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = provenance.commit()
    monkeypatch.setenv("DIRGRAD_COMMIT", "0" * 12)
    assert provenance.commit() == expected


def test_the_commit_is_unknown_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIRGRAD_COMMIT", raising=False)
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == "unknown"


def test_provenance_contains_the_settings_and_the_environment_as_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {"training": {"steps": 4}}
    monkeypatch.setenv("JAX_RANDOM_SEED_OFFSET", "5")
    facts = provenance.collect(options, {"jax": "1.2.3", "device": "cpu"})
    # The command is empty in a process without arguments.
    required = [value for name, value in facts.items() if name != "command"]
    assert all(isinstance(value, str) and value for value in required)
    assert facts["jax"] == "1.2.3"
    assert json.loads(facts["environment"])["JAX_RANDOM_SEED_OFFSET"] == "5"
    assert json.loads(facts["settings"]) == options
    assert facts["settings_hash"] == provenance.digest(options)


def test_a_job_states_when_it_began_and_how_long_it_took() -> None:
    begin = datetime.now(UTC) - timedelta(seconds=90)
    facts = provenance.collect({}, {}, begin)
    assert facts["started"] == begin.isoformat(timespec="seconds")
    assert float(facts["seconds"]) >= 90
    assert "seconds" not in provenance.collect({}, {})


def test_variables_of_other_programs_and_places_on_this_machine_are_not_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorded = {"XLA_FLAGS": "--a", "TF_XLA_FLAGS": "--b", "NVIDIA_TF32_OVERRIDE": "0"}
    others = {"TF_VAR_password": "x", "TF_CLI_CONFIG_FILE": "/home/me/.terraformrc"}
    others |= {"NVIDIA_API_KEY": "x", "TORCHINDUCTOR_CACHE_DIR": "/tmp/me", "CUDA_HOME": "/opt"}
    for name, value in (recorded | others).items():
        monkeypatch.setenv(name, value)
    variables = provenance.environment_variables()
    assert recorded.items() <= variables.items()
    assert not others.keys() & variables.keys()


def test_a_processor_has_its_own_name_and_a_gpu_the_name_of_the_framework(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provenance, "cpu_model", lambda: "AMD EPYC")
    assert provenance.device_name({"device": "cpu: cpu"}) == "cpu: AMD EPYC"
    assert provenance.device_name({"device": "gpu: NVIDIA H200"}) == "gpu: NVIDIA H200"
