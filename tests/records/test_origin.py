"""A figure or table contains its origin: the run, the commit and the settings of its records."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from dirgrad.cli import main
from dirgrad.config import plan
from dirgrad.core.errors import UserError
from dirgrad.records import files, origin, provenance, training_schemas
from support.configuration import configured

STATISTICS = {"confidence": 0.9, "resamples": 50}
RAW: dict[str, Any] = {
    "tier": "test",
    "backends": ["jax", "torch"],
    "statistics": STATISTICS,
    "estimators": {
        "backprop": {"kind": "backprop"},
        "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
    },
    "experiments": {
        "beale": {
            "problem": "beale",
            "optimizer": "sgd",
            "learning_rates": [0.01],
            "seeds": 3,
            "steps": 2,
            "record_every": 1,
            "estimators": ["backprop", "forward_gradient"],
        }
    },
}
CONFIG = configured(RAW)
SVG_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"


def trial(backend: str, estimator: str, seed: int) -> dict[str, Any]:
    """Return a row of `trials`."""
    return {
        "experiment": "beale",
        "problem": "beale",
        "backend": backend,
        "optimizer": "sgd",
        "stage": "final",
        "estimator": estimator,
        "estimator_kind": estimator,
        "learning_rate": 0.01,
        "seed": seed,
        "status": "ok",
        "lanes": 3,
        "final_loss": 0.1 + seed,
        "step_seconds": 1e-3,
        "train_seconds": 2e-3,
        "steps": 2,
        "evaluations": 2,
    }


def point(trial_row: dict[str, Any], step: int) -> dict[str, Any]:
    """Return a row of `curves`."""
    return trial_row | {"step": step, "loss": 1.0 / (1 + step), "train_seconds": 1e-3 * step}


def write_job(directory: Path, backend: str, facts: dict[str, str]) -> None:
    """Write the records of the experiment in one framework."""
    trials = [
        trial(backend, estimator, seed)
        for estimator in RAW["experiments"]["beale"]["estimators"]
        for seed in range(3)
    ]
    curves = [point(row, step) for row in trials for step in range(3)]
    trial_table = files.to_table(trials, training_schemas.TRIALS)
    curve_table = files.to_table(curves, training_schemas.CURVES)
    files.write_records(trial_table, facts, directory / "trials.parquet")
    files.write_records(curve_table, facts, directory / "curves.parquet")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a directory with a configuration and its records in both frameworks."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(RAW))
    for job in plan.jobs(CONFIG):
        backend = job.rpartition("/")[2]
        facts = {
            "commit": f"{backend}-commit",
            "dirgrad": "1.2.3",
            "settings_hash": backend,
            "started": "then",
            "load_average_1min": "0.00",
            "command": f"run {job}",
        }
        write_job(tmp_path / "records" / job, backend, facts)
    return tmp_path


def arguments(project: Path, *command: str, out: str) -> list[str]:
    """Return the arguments of a command that reads the project and writes `out` into it."""
    config = ["--config", str(project / "config.yaml")]
    records = ["--records", str(project / "records")]
    return [*command, *config, *records, "--out", str(project / out)]


def expected_origin(project: Path) -> origin.Origin:
    """Return the origin of a file that is made from the trials of the project."""
    paths = plan.record_paths(CONFIG)["trials"]
    statistics = CONFIG.statistics.model_dump()
    return origin.from_records(project / "records", paths, statistics)


@pytest.mark.slow
def test_a_figure_contains_its_origin_and_has_equal_bytes_in_two_processes(project: Path) -> None:
    for seed in ("1", "2"):
        figure_arguments = arguments(project, "figure", "loss_beale", out=seed)
        subprocess.run(
            [sys.executable, "-m", "dirgrad", *figure_arguments],
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
    first, second = project / "1", project / "2"
    names = {path.name for path in first.iterdir()}
    suffixes = ("svg", "png", "pdf", "jax.png", "torch.png")
    assert names == {f"loss_beale.{suffix}" for suffix in suffixes}
    line = origin.to_line(expected_origin(project))
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
        assert origin.read(first / name) == json.loads(line)
    # The metadata of an image contain the line as its description.
    with Image.open(first / "loss_beale.png") as image:
        assert image.text["Description"] == line
    descriptions = ElementTree.parse(first / "loss_beale.svg").iter(SVG_DESCRIPTION)
    assert [element.text for element in descriptions] == [line]
    assert "90 % bootstrap interval" in (first / "loss_beale.svg").read_text()
    # A figure of one framework is another picture.
    frameworks = [(first / f"loss_beale.{name}.png").read_bytes() for name in ("jax", "torch")]
    assert frameworks[0] != frameworks[1]


def test_a_summary_table_is_also_written_as_html_and_latex_with_its_origin(project: Path) -> None:
    main.main(arguments(project, "table", "final", out="final.csv"))
    for suffix in ("html", "tex"):
        content = origin.read(project / f"final.{suffix}")
        assert content["commit"] == "jax-commit, torch-commit"
        assert content["run_id"] == expected_origin(project).run_id
    # The table `curves` is data for figures, so it has no page.
    main.main(arguments(project, "table", "curves", out="curves.csv"))
    assert not (project / "curves.html").exists()


def test_an_origin_identifies_the_records_and_the_statistics() -> None:
    facts = {"commit": "c", "dirgrad": "1", "settings_hash": "s", "started": "1"}
    original = origin.from_jobs({"a/jax": facts}, STATISTICS)
    reordered = dict(reversed(STATISTICS.items()))
    assert original == origin.from_jobs({"a/jax": facts}, reordered)
    repeated = origin.from_jobs({"a/jax": facts | {"started": "2"}}, STATISTICS)
    assert repeated.run_id != original.run_id
    assert repeated.config_hash == original.config_hash
    other_settings = origin.from_jobs({"a/jax": facts | {"settings_hash": "t"}}, STATISTICS)
    assert other_settings.config_hash != original.config_hash
    other_statistics = origin.from_jobs({"a/jax": facts}, {"confidence": 0.5})
    assert other_statistics.config_hash != original.config_hash
    assert original.records == (f"a/jax {provenance.digest(facts)}",)


def test_the_origin_of_the_manifest_equals_the_origin_of_the_records(project: Path) -> None:
    main.main(arguments(project, "manifest", out="manifest.json"))
    manifest = json.loads((project / "manifest.json").read_text())
    expected = expected_origin(project)
    jobs = [f"{job} {entry['run_id']}" for job, entry in manifest["jobs"].items()]
    assert jobs == list(expected.records)
    assert origin.from_manifest(manifest).run_id == expected.run_id


def test_a_file_without_an_origin_is_refused_with_a_message(tmp_path: Path) -> None:
    path = tmp_path / "other.svg"
    path.write_text("<svg/>")
    with pytest.raises(UserError, match=r"other\.svg: contains no origin"):
        origin.read(path)


def test_the_command_origin_prints_the_origin_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {"commit": "c-dirty", "dirgrad": "1", "settings_hash": "s"}
    expected = origin.from_jobs({"a/jax": facts}, {})
    path = tmp_path / "table.tex"
    path.write_text(f"% {origin.to_line(expected)}\n\\begin{{tabular}}{{l}}\n")
    main.main(["origin", str(path)])
    printed = json.loads(capsys.readouterr().out)
    assert (printed["run_id"], printed["commit"]) == (expected.run_id, "c-dirty")
    assert re.fullmatch("[0-9a-f]{12}", printed["run_id"])


@pytest.mark.parametrize("text", ["--><script>alert(1)</script><!--", "a}{b", "R&D &lt;", "\n<p>"])
def test_a_line_is_found_and_begins_no_tag_for_any_text_of_a_record(
    text: str, tmp_path: Path
) -> None:
    facts = {"commit": text, "dirgrad": "1", "settings_hash": "0"}
    line = origin.to_line(origin.from_jobs({"training/mlp/jax": facts}, {}))
    assert not set("<>&\n") & set(line)
    page = tmp_path / "final.html"
    page.write_text(f"<p>rows</p>\n<!-- {line} -->\n", encoding="utf-8")
    assert origin.read(page)["commit"] == text


def test_a_damaged_origin_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    path.write_bytes(b'<!-- {"run_id": "ab\xff", "commit": } -->')
    with pytest.raises(UserError, match=f"{path}: the file is damaged"):
        origin.read(path)
