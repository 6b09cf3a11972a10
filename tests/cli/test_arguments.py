"""Wrong arguments and errors of the system are one sentence, and every argument has a help text."""

import argparse
from pathlib import Path

import pytest

import dirgrad
from dirgrad.cli import main
from support.configuration import CONFIG

YAML = str(CONFIG / "config.yaml")
STEPS = ["--seconds", "1", "--config", YAML]


def errors_of(
    capsys: pytest.CaptureFixture[str], *arguments: str, code: int | str = 2
) -> list[str]:
    """Return the lines that a command prints to stderr before it ends with an exit status."""
    with pytest.raises(SystemExit) as end:
        main.main([*arguments])
    assert end.value.code == code
    return capsys.readouterr().err.splitlines()


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"dirgrad {dirgrad.__version__}\n"


def test_every_argument_has_a_help_text() -> None:
    (commands,) = (action for action in main._parser()._actions if isinstance(action.choices, dict))
    missing = [
        f"{name} {action.dest}"
        for name, parser in commands.choices.items()
        for action in parser._actions
        if not action.help or action.help == argparse.SUPPRESS
    ]
    assert not missing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{bad", "cannot be read as YAML: line "),
        ("3", "expected keys and values, not a number"),
        ("[1]", "expected keys and values, not a list"),
        ("", "expected keys and values, and there are none"),
        ('{"run": {"threads": 1, "threads": 2}}', "'threads' stands twice"),
        ("a: *a", "line 1: the alias *a stands"),
    ],
)
def test_an_override_that_cannot_be_read_is_one_sentence(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = errors_of(capsys, "jobs", "--config", YAML, "--override", text)
    assert line.startswith("dirgrad: --override: ")
    assert message in line


def test_an_override_may_be_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["jobs", "--config", YAML, "--override", "only: [training/beale]\nbackends: [jax]"])
    assert capsys.readouterr().out.splitlines() == ["training/beale/jax"]


@pytest.mark.parametrize(
    ("workload", "message"),
    [
        (
            ["memory/depth/jax", "x", "512", "backprop"],
            "memory/depth/jax: no problem 'x': (valid: ",
        ),
        (["memory/depth/jax", "layers_1", "7", "backprop"], "no batch size '7': (valid: "),
        (["memory/depth/jax", "layers_1", "x", "backprop"], "no batch size 'x': (valid: "),
        (["memory/depth/jax", "layers_1", "512", "x"], "no estimator 'x': (valid: "),
        (["training/mlp/jax", "mlp", "64", "backprop"], "expected a job of the kind memory"),
    ],
)
def test_steps_of_a_workload_that_a_job_lacks_are_refused(
    workload: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = errors_of(capsys, "take-steps", *workload, *STEPS)
    assert message in line


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x"])
def test_a_duration_is_finite_and_above_0(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    workload = ["memory/depth/jax", "layers_1", "512", "backprop"]
    *_, line = errors_of(capsys, "take-steps", *workload, *STEPS, "--seconds", text)
    assert f"expected a number of seconds above 0, got {text}" in line


@pytest.mark.parametrize("text", ["0", "-1", "x", "2.5", "9" * 30])
def test_a_number_of_threads_is_whole(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", "training/mlp/jax", "--config", YAML, "--out", "x", "--threads", text]
    assert "expected a whole number" in errors_of(capsys, *command)[-1]


def test_claims_outside_the_checkout_name_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dirgrad.analysis.claims_table.read", lambda _: {})
    (line,) = errors_of(capsys, "claims", ".", "--config", YAML, "--out", "out")
    assert line == "dirgrad: config/claims.yaml: no such file: config has no YAML file"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            OSError(28, "No space left on device", "r/.part-12-ab-x.csv"),
            "r/x.csv: cannot be written",
        ),
        (OSError(30, "Read-only file system", "r/x.csv"), "r/x.csv: Read-only file system"),
        (
            FileNotFoundError(2, "No such file", "/proc/.part-x.csv"),
            "/proc/x.csv: cannot be written",
        ),
        (FileNotFoundError(2, "No such file", "x.csv"), "x.csv: no such file: create it first"),
        (IsADirectoryError(21, "Is a directory", "d"), "d: Is a directory"),
        (OSError("[Errno 28] Error writing\nbytes"), "[Errno 28] Error writing bytes"),
        (MemoryError("Unable to allocate 7 TiB"), "out of memory: Unable to allocate 7 TiB"),
        (MemoryError(), "out of memory: no memory is left"),
    ],
)
def test_an_error_of_the_system_is_one_sentence(
    error: Exception,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_: argparse.Namespace) -> None:
        raise error

    monkeypatch.setattr("dirgrad.cli.reference.schema", fail)
    monkeypatch.setattr(fail, "__name__", "schema")
    monkeypatch.setattr(fail, "__doc__", "Fail.")
    (line,) = errors_of(capsys, "schema")
    assert line.startswith(f"dirgrad: {message}")


def test_a_file_in_place_of_a_folder_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    (line,) = errors_of(capsys, "new", "estimator", "own", "--out", str(file))
    assert line == f"dirgrad: {file}/estimators: Not a directory"
