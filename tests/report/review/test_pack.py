"""A pack holds all results with their descriptions, and equal results give equal bytes."""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dirgrad.cli import main
from dirgrad.config.files import read
from dirgrad.core.errors import UserError
from dirgrad.report.review import crate, packed_files
from dirgrad.report.review.packed_files import PackedFile
from support.hand_made_run import CONFIG, JOB, MANIFEST, write_run
from support.paths import ROOT

CITATION = read(ROOT / "CITATION.cff")
WORKFLOW = PackedFile("workflow/Snakefile", b"rule all:\n", "workflow")
TABLE = PackedFile("results/small/tables/final.csv", b"a\n", "table")
CONFIG_FILE = PackedFile("config/config.yaml", b"tier: small\n", "config")


def entities(metadata: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in metadata["@graph"]}


def references(value: Any) -> list[str]:
    """Return the identifiers that a value refers to, at any depth."""
    if isinstance(value, list):
        return [name for item in value for name in references(item)]
    return [value["@id"]] if isinstance(value, dict) and "@id" in value else []


def described(*files: PackedFile, **changes: Any) -> dict[str, dict[str, Any]]:
    return entities(crate.metadata(MANIFEST | changes, CITATION, [WORKFLOW, *files]))


def pack(directory: Path, out: Path) -> None:
    config = directory / "config.json"
    config.write_text(CONFIG.model_dump_json())
    command = ["pack", str(directory / "results/small"), "--config", str(config)]
    places = ["--figures", str(directory / "figures/small"), "--checkout", str(ROOT)]
    sentences = ["--judgements", str(ROOT / "config/reproducibility.yaml")]
    claims = ["--claims", str(ROOT / "config/claims.yaml")]
    main.main([*command, *places, *sentences, *claims, "--out", str(out)])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a complete run, which is the working directory."""
    write_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_archive_has_every_file_that_its_metadata_lists(run: Path) -> None:
    pack(run, run / "first")
    pack(run, run / "second")
    first = (run / "first/pack.zip").read_bytes()
    assert first == (run / "second/pack.zip").read_bytes()
    with zipfile.ZipFile(run / "first/pack.zip") as archive:
        names = set(archive.namelist())
        metadata = json.loads(archive.read("ro-crate-metadata.json"))
        described = entities(metadata)
        files = {name for name, entity in described.items() if "File" in entity["@type"]}
        assert files <= names
        for name in files:
            assert int(described[name]["contentSize"]) == len(archive.read(name))
    assert packed_files.result_names(CONFIG).keys() <= files
    assert {"REPRODUCIBILITY.md", "Snakefile", "config/claims.yaml", "LICENSE"} <= files
    assert "src/dirgrad/cli/review.py" in names
    parts = references(described["./"]["hasPart"])
    assert set(parts) == files | {"src/dirgrad/"}
    # The text names neither this machine's folders nor a time at which the pack was made.
    assert str(run) not in json.dumps(metadata)
    assert str(ROOT) not in json.dumps(metadata)


def test_every_reference_leads_to_an_entity() -> None:
    graph = described(TABLE, CONFIG_FILE)
    identifiers = {*graph, crate.CRATE_ADDRESS}
    outside = ("https://doi.org/", "https://snakemake.readthedocs.io")
    for entity in graph.values():
        for name in references([*entity.values()]):
            assert name in identifiers or name.startswith(outside), name


def test_the_run_made_the_results_from_the_configuration() -> None:
    graph = described(TABLE, CONFIG_FILE)
    action = graph["#run-0123456789ab"]
    assert action["@type"] == "CreateAction"
    assert references(action["instrument"]) == ["workflow/Snakefile"]
    assert references(action["object"]) == ["config/config.yaml"]
    assert references(action["result"]) == ["results/small/tables/final.csv"]
    assert action["description"] == "snakemake --config tier=small"
    assert action["startTime"] == "2026-11-28T23:59:00+00:00"
    assert action["endTime"] == "2026-11-29T00:00:30+00:00"
    assert graph["./"]["datePublished"] == "2026-11-29"
    assert references(graph["./"]["mainEntity"]) == ["workflow/Snakefile"]
    assert graph["https://pypi.org/project/jax/0.10.2/"]["version"] == "0.10.2"


def test_an_end_that_was_not_recorded_is_not_stated() -> None:
    entry = {name: value for name, value in MANIFEST["jobs"][JOB].items() if name != "seconds"}
    action = described(jobs={JOB: entry})["#run-0123456789ab"]
    assert "startTime" in action
    assert "endTime" not in action


def test_authors_are_persons_or_organizations() -> None:
    person = {"given-names": "Ada", "family-names": "Lovelace", "orcid": "https://orcid.org/0"}
    citation = CITATION | {"authors": [person, {"name": "A group"}]}
    graph = entities(crate.metadata(MANIFEST, citation, [WORKFLOW]))
    assert graph["https://orcid.org/0"]["@type"] == "Person"
    assert graph["https://orcid.org/0"]["name"] == "Ada Lovelace"
    assert graph["#A-group"]["@type"] == "Organization"
    assert references(graph["./"]["author"]) == ["https://orcid.org/0", "#A-group"]


@pytest.mark.parametrize("key", ["license", "authors"])
def test_a_citation_without_a_key_is_refused(key: str) -> None:
    citation = {name: value for name, value in CITATION.items() if name != key}
    with pytest.raises(UserError, match=f"CITATION.cff: {key}: the key is missing"):
        crate.metadata(MANIFEST, citation, [WORKFLOW])


@pytest.mark.parametrize(
    "name",
    [
        "results/small/tables/final.csv",
        "results/small/records/training/beale/jax/trials.parquet",
        "figures/small/loss_beale.pdf",
    ],
)
def test_a_missing_file_is_one_sentence_with_its_command(
    name: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / name).unlink()
    with pytest.raises(SystemExit):
        pack(run, run / "out")
    (line,) = capsys.readouterr().err.splitlines()
    command = f"snakemake {name} --config tier=small"
    assert line == f"dirgrad: {run / name}: no such file: make it with `{command}`"
    assert not (run / "out").exists()


def test_a_file_that_names_the_home_directory_is_announced(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    pack(run, run / "first")
    assert capsys.readouterr().err == ""
    (run / "results/small/front.html").write_text("data in /home/somebody/mnist")
    pack(run, run / "second")
    assert "contain the path /home/somebody, for example results/small/front.html" in (
        capsys.readouterr().err
    )


def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rocrate.rocrate", None)
    with pytest.raises(UserError, match="rocrate is not installed: run `pip"):
        described()


def test_a_run_of_another_tier_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = run / "results/small/manifest.json"
    other = MANIFEST["config"] | {"tier": "other"}
    manifest.write_text(json.dumps(MANIFEST | {"config": other}))
    with pytest.raises(SystemExit):
        pack(run, run / "out")
    assert "has the tier 'other', expected 'small'" in capsys.readouterr().err


def test_the_configuration_of_the_working_directory_comes_first(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("mine")
    (tmp_path / "config/.secret.yaml").write_text("hidden")
    (tmp_path / "src/dirgrad").mkdir(parents=True)
    (tmp_path / "src/dirgrad/mine.py").write_text("")
    files = {file.name: file for file in packed_files.source_files(ROOT, tmp_path)}
    assert files["config/config.yaml"].content == b"mine"
    assert files["config/claims.yaml"].kind == "config"
    assert not {"config/.secret.yaml", "src/dirgrad/mine.py"} & files.keys()


def test_a_directory_without_a_workflow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no workflow: name a checkout"):
        packed_files.source_files(tmp_path, tmp_path)
