"""What figures and tables carry: the run, the commit and the configuration of their records, in the file itself."""

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
from dirgrad.config import plan, validation
from dirgrad.core.errors import UserError
from dirgrad.records import files, origin, provenance, schemas

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


def trials(backend: str) -> list[dict[str, Any]]:
    subject = {
        "experiment": "beale",
        "problem": "beale",
        "backend": backend,
        "optimizer": "sgd",
        "stage": "final",
    }
    return [
        subject
        | {
            "estimator": name,
            "estimator_kind": name,
            "learning_rate": 0.01,
            "seed": seed,
            "status": "ok",
            "lanes": 3,
        }
        | {
            "final_loss": 0.1 + seed,
            "step_seconds": 1e-3,
            "train_seconds": 2e-3,
            "steps": 2,
            "evaluations": 2,
        }
        for name in RAW["experiments"]["beale"]["estimators"]
        for seed in range(3)
    ]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a configuration, and with the records of one experiment in two frameworks."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(RAW))
    for cell in plan.cells(RAW):
        backend = cell.rpartition("/")[2]
        facts = {
            "commit": f"made-by-{backend}",
            "dirgrad": "1.2.3",
            "settings_hash": backend,
            "started": "then",
        }
        facts |= {"load_average_1min": "0.00", "command": f"run {cell}"}
        rows = trials(backend)
        curves = [
            row | {"step": step, "loss": 1.0 / (1 + step), "train_seconds": 1e-3 * step}
            for row in rows
            for step in range(3)
        ]
        files.write_records(
            files.to_table(rows, schemas.TRIALS),
            facts,
            tmp_path / "records" / cell / "trials.parquet",
        )
        files.write_records(
            files.to_table(curves, schemas.CURVES),
            facts,
            tmp_path / "records" / cell / "curves.parquet",
        )
    return tmp_path


def command(place: Path, *arguments: str, out: str) -> list[str]:
    read = ["--config", str(place / "config.yaml"), "--records", str(place / "records")]
    return [*arguments, *read, "--out", str(place / out)]


def expected(place: Path) -> origin.Origin:
    return origin.from_records(
        place / "records",
        plan.record_paths(RAW)["trials"],
        validation.check(RAW, {}).statistics.model_dump(),
    )


@pytest.mark.slow
def test_a_figure_drawn_twice_in_two_processes_has_the_same_bytes_and_tells_of_its_records(
    place: Path,
) -> None:
    for seed in ("1", "2"):
        made = command(place, "figure", "loss_beale", "overview", out=seed)
        subprocess.run(
            [sys.executable, "-m", "dirgrad", *made],
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
    names = {path.name for path in (place / "1").iterdir()}
    ends = ("svg", "png", "pdf", "jax.svg", "torch.svg")
    assert names == {f"{figure}.{end}" for figure in ("loss_beale", "overview") for end in ends}
    for name in names:
        assert (place / "1" / name).read_bytes() == (place / "2" / name).read_bytes(), name
        assert origin.read(place / "1" / name) == json.loads(origin.line(expected(place)))
    told = origin.line(expected(place))
    with Image.open(place / "1" / "overview.png") as image:
        assert image.text["Description"] == told
    described = ElementTree.parse(place / "1" / "overview.svg").iter(
        "{http://purl.org/dc/elements/1.1/}description"
    )
    assert [one.text for one in described] == [told]
    # A title tells the confidence of this configuration, and a figure of one framework that framework alone.
    assert "90 % bootstrap interval" in (place / "1" / "overview.svg").read_text()
    assert "PyTorch" not in (place / "1" / "overview.jax.svg").read_text()


def test_a_table_is_also_a_page_and_latex_that_tell_of_its_records(place: Path) -> None:
    main.main(command(place, "table", "final", out="final.csv"))
    for suffix in ("html", "tex"):
        assert origin.read(place / f"final.{suffix}")["commit"] == "made-by-jax, made-by-torch"
        assert origin.read(place / f"final.{suffix}")["run_id"] == expected(place).run_id
    main.main(command(place, "table", "curves", out="curves.csv"))
    assert not (place / "curves.html").exists()


def test_an_origin_is_that_of_its_records_and_statistics() -> None:
    facts = {"a/jax": {"commit": "c", "dirgrad": "1", "settings_hash": "s", "started": "1"}}
    one = origin.from_jobs(facts, STATISTICS)
    assert one == origin.from_jobs(facts, dict(reversed(STATISTICS.items())))
    again = origin.from_jobs({"a/jax": facts["a/jax"] | {"started": "2"}}, STATISTICS)
    assert again.run_id != one.run_id
    assert again.config_hash == one.config_hash
    other = origin.from_jobs({"a/jax": facts["a/jax"] | {"settings_hash": "t"}}, STATISTICS)
    assert other.config_hash != one.config_hash
    assert origin.from_jobs(facts, {"confidence": 0.5}).config_hash != one.config_hash
    assert one.records == (f"a/jax {provenance.digest(facts['a/jax'])}",)


def test_the_jobs_of_an_origin_are_those_of_the_manifest(place: Path) -> None:
    main.main(command(place, "manifest", out="manifest.json"))
    told = json.loads((place / "manifest.json").read_text())
    assert [f"{job} {one['run_id']}" for job, one in told["cells"].items()] == list(
        expected(place).records
    )
    assert origin.from_manifest(told).run_id == expected(place).run_id


def test_a_file_without_an_origin_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "other.svg").write_text("<svg/>")
    with pytest.raises(UserError, match=r"other\.svg: carries no origin"):
        origin.read(tmp_path / "other.svg")


def test_what_is_printed_of_a_file_is_what_it_carries(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = origin.from_jobs(
        {"a/jax": {"commit": "c-dirty", "dirgrad": "1", "settings_hash": "s"}}, {}
    )
    (tmp_path / "made.tex").write_text(f"% {origin.line(made)}\n\\begin{{tabular}}{{l}}\n")
    main.main(["origin", str(tmp_path / "made.tex")])
    told = json.loads(capsys.readouterr().out)
    assert (told["run_id"], told["commit"]) == (made.run_id, "c-dirty")
    assert re.fullmatch("[0-9a-f]{12}", told["run_id"])
