"""Commands print the jobs, and a command that cannot run ends with one line per mistake."""

from pathlib import Path

import pytest

from dirgrad.cli import main
from dirgrad.config.settings import JOB_KINDS
from support.configuration import BASE, CONFIG
from support.fresh_python import printed_lines

YAML = str(CONFIG / "config.yaml")
FIGURE = ["--config", YAML, "--records", "nowhere"]
COMMANDS = {
    "table": (
        ["table", "fina", "--config", YAML, "--records", "."],
        "unknown table 'fina': did you mean 'final'?",
    ),
    "figure": (
        ["figure", "loss_mlpp", *FIGURE],
        "no figure 'loss_mlpp' in this configuration: did you mean 'loss_mlp'?",
    ),
    "job": (
        ["run", "training/mlp/jaxx", "--config", YAML],
        "no job 'training/mlp/jaxx': did you mean 'training/mlp/jax'?",
    ),
    "measurement": (
        ["run", "cost/depht/jax", "--config", YAML],
        "no job 'cost/depht/jax': did you mean 'cost/depth/jax'?",
    ),
    "data set": (
        ["data", "minst", "--config", YAML],
        "unknown dataset 'minst': did you mean 'mnist'?",
    ),
    "tier": (
        ["manifest", "--records", ".", "--config", YAML, str(CONFIG / "papr.yaml")],
        "papr.yaml: no such file: did you mean 'paper.yaml'?",
    ),
    "records": (["table", "final", "--config", YAML, "--records", "nowhere"], "nowhere"),
    "records of the manifest": (["manifest", "--config", YAML, "--records", "nowhere"], "nowhere"),
    "records of a figure": (["figure", "loss_beale", *FIGURE], "nowhere"),
    "file of a table": (
        ["figure", "loss_beale", *FIGURE, "--tables", "missing/final.csv"],
        "missing/final.csv",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_with_a_missing_input_ends_with_a_message_and_without_output(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main.main([*arguments, "--out", str(tmp_path / "out")])
    streams = capsys.readouterr()
    assert end.value.code == 2
    assert streams.err.startswith("dirgrad: ")
    assert message in streams.err
    assert "Traceback" not in streams.err
    assert not streams.out
    assert not (tmp_path / "out").exists()


def test_a_wrong_configuration_ends_a_command_with_one_line_per_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    over = tmp_path / "over.yaml"
    over.write_text("sed: 1\nrun: {threads: 0}\n", encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main.main(["jobs", "--config", YAML, str(over)])
    lines = capsys.readouterr().err.splitlines()
    assert end.value.code == 2
    assert len(lines) == 2
    assert all(line.startswith(f"dirgrad: {over}: ") for line in lines)


def test_jobs_are_printed_one_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["jobs", "--config", YAML])
    assert capsys.readouterr().out.splitlines() == [
        f"{kind}/{name}/{backend}"
        for kind, (section, *_) in JOB_KINDS.items()
        for name, settings in BASE[section].items()
        for backend in settings.get("backends", BASE["backends"])
    ]


@pytest.mark.parametrize(
    "modules",
    [
        "cli.main",
        "cli.main, dirgrad.runs.training.train",
        "runs.instruments.quality",
        "analysis.claims_table, dirgrad.analysis.verify",
    ],
)
def test_commands_jobs_and_tables_start_without_the_statistics_of_scipy(modules: str) -> None:
    code = f"import sys, dirgrad.{modules}; print('scipy.stats' in sys.modules)"
    assert printed_lines(code) == ["False"]
