"""The front page states the run, the machine, the verdicts and the main figures."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from dirgrad.cli import main
from dirgrad.config import declarations, outputs, validation
from dirgrad.report.pages import front
from support.pages import CLAIMS, EVIDENCE, ROWS, PageReader
from support.paths import ROOT

MEASURED_CLAIM = "A step is <cheaper> than backprop's."
OMITTED_CLAIM = "It needs more steps."


def write_blank_image(path: Path) -> Path:
    """Write a blank image and return its path."""
    Image.new("L", (4, 4)).save(path)
    return path


def run_front_page(directory: Path, manifest: Any, *arguments: str) -> None:
    """Run the command `front-page` on a manifest, which may be a text that is invalid JSON."""
    manifest_path = directory / "manifest.json"
    manifest_path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    out = directory / "front.html"
    main.main(["front-page", "--manifest", str(manifest_path), "--out", str(out), *arguments])


def test_the_page_states_the_run_the_machine_and_the_verdicts(manifest: dict[str, Any]) -> None:
    page = front.page(manifest, CLAIMS[::-1], EVIDENCE, [])
    rows = {row[0]: row[1:] for row in PageReader(page).rows}
    assert rows["run"] == ["feedfeedfeed"]
    assert rows["commit"] == [", ".join(manifest["commit"])]
    assert rows["configuration"] == [manifest["config_hash"]]
    assert rows["torch"] == manifest["torch"]
    assert rows["threads per job"] == ["1"]
    assert rows["cost/baydin/jax"] == ["31.0%, NOISY"]
    claim = rows[f"{MEASURED_CLAIM} Baydin et al. 2022"]
    assert claim[:2] == ["R_f_over_R_b measured; holds\nfor below 1", "1.23 [1.1, 1.4]"]
    assert claim[2].split("\n")[0] == "does not hold 0 / 1 / 1"
    unfolded = ["framework jax: 1.23 [1.1, 1.4], does not hold"]
    unfolded += ["framework torch: at least 4, inconclusive (2 values, fewer than 5)"]
    assert all(f"<li>{line}</li>" in page for line in unfolded)
    omitted = f"{OMITTED_CLAIM} McGreivy & others"
    assert list(rows).index(omitted) > list(rows).index(f"{MEASURED_CLAIM} Baydin et al. 2022")
    assert rows[omitted][1:] == ["", "not run in this tier"]
    assert PageReader(page).requests == []


def test_the_page_begins_with_a_warning_the_answers_and_the_verdicts_by_paper(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    page = front.page(manifest, CLAIMS, EVIDENCE, [write_blank_image(tmp_path / "baydin_fig3.png")])
    rows = {row[0]: row[1:] for row in PageReader(page).rows}
    assert rows["Is a step <cheaper>?"] == ["Baydin et al. 2022", "1.23 to 4", "does not hold"]
    assert rows["Baydin et al. 2022"] == ["0", "0", "1"]
    # The other claim was not run.
    assert front.OTHER_SOURCES not in rows
    in_order = [
        "noisy during 1 of 1 measurements of time: other processes used up to 31%",
        "<h2>Short answer</h2>",
        "<h2>Verdicts by paper</h2>",
        "<h2>Main figures</h2>",
        "<h2>All claims</h2>",
        "<h2>The run</h2>",
        "<h2>The machine</h2>",
    ]
    positions = [page.index(text) for text in in_order]
    assert positions == sorted(positions)


def test_a_quiet_machine_gives_no_warning(manifest: dict[str, Any]) -> None:
    quiet = {"run_id": "aa", "other_cpu_fraction": 0.01, "noisy": False}
    jobs = manifest["jobs"] | {"cost/baydin/jax": quiet}
    assert "Noisy machine" not in front.page(manifest | {"jobs": jobs}, None, None, [])


def test_verdicts_are_counted_by_paper_and_claims_without_a_paper_come_last() -> None:
    sources = ["Taylor's theorem", "slides, p. 3", "Frye 2022", "Frye 2022; others", "Frye 2022"]
    verdicts = ["holds", "holds", "holds in part", "inconclusive", "does not hold"]
    claims = pd.DataFrame({"source": sources, "verdict": verdicts})
    assert front.verdicts_by_paper(claims) == [
        ("Frye 2022", 0, 2, 1),
        ("slides", 1, 0, 0),
        (front.OTHER_SOURCES, 1, 0, 0),
    ]


@pytest.mark.parametrize(
    ("claims", "message"),
    [(None, "This run judged no claims"), (CLAIMS[:0], "The table of claims is empty")],
    ids=["no table", "no claims"],
)
def test_the_page_states_that_no_claim_was_judged(
    claims: pd.DataFrame | None, message: str, manifest: dict[str, Any]
) -> None:
    assert message in front.page(manifest, claims, None, [])


def test_a_main_figure_is_embedded_with_its_title_caption_and_description(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    page = front.page(manifest, None, None, [write_blank_image(tmp_path / "baydin_fig3.png")])
    declared = declarations.figure_modules()["equal_rate"]
    assert 'src="data:image/png;base64,' in page
    assert f'alt="baydin fig3: {declared.alt}"' in page
    assert f"<b>baydin fig3: {declared.title}.</b> {declared.caption}</figcaption>" in page


def test_every_tier_has_main_figures_and_its_manifest_names_them(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    for tier in ([], ["smoke"], ["paper"], ["sequences"], ["beyond"]):
        tier_files = [ROOT / f"config/{name}.yaml" for name in tier]
        config = validation.load([ROOT / "config/config.yaml", *tier_files])
        names = outputs.front_page_figures(outputs.report_figures(config))
        assert names
        images = [write_blank_image(tmp_path / f"{name}.png") for name in names]
        written = manifest | {"config": config.model_dump(mode="json")}
        assert front.page(written, None, None, images).count("<figure>") == len(names)


def test_the_command_selects_the_claims_among_the_tables(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    claims_path = tmp_path / "claims.csv"
    final_path = tmp_path / "final.csv"
    CLAIMS.to_csv(claims_path, index=False)
    ROWS.to_csv(final_path, index=False)
    run_front_page(tmp_path, manifest, "--tables", str(final_path), str(claims_path))
    assert "does not hold" in (tmp_path / "front.html").read_text()


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ("{", [], r"manifest\.json: line 1: invalid JSON"),
        ("[]", [], r"manifest\.json: the file: unexpected value \[\]"),
        ("[" * 100_000, [], r"manifest\.json: the file is damaged"),
        ({"commit": None}, [], r"manifest\.json: commit: the key is missing"),
        ({"run_id": None}, [], r"manifest\.json: run_id: the key is missing"),
        ({}, ["--tables", "claims.csv"], r"claims\.csv: verdict: missing"),
        (
            {},
            ["--figures", "baydin_fig9.png"],
            r"baydin_fig9\.png: the configuration has no such figure: did you mean 'baydin_fig\d'",
        ),
        ({}, ["--tables", "nowhere/claims.csv"], r"nowhere/claims\.csv: no such file"),
    ],
    ids=[
        "invalid JSON",
        "a list",
        "nested",
        "no commit",
        "missing key",
        "missing column",
        "unknown figure",
        "missing file",
    ],
)
def test_the_command_reports_a_mistake_in_one_sentence(
    change: str | dict[str, None],
    arguments: list[str],
    message: str,
    manifest: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    CLAIMS.drop(columns="verdict").to_csv("claims.csv", index=False)
    write_blank_image(Path("baydin_fig9.png"))
    # A text replaces the manifest; the keys of a mapping are removed from the manifest.
    wrong_manifest: Any = change
    if not isinstance(change, str):
        wrong_manifest = {key: value for key, value in manifest.items() if key not in change}
    with pytest.raises(SystemExit):
        run_front_page(tmp_path, wrong_manifest, *arguments)
    (sentence,) = capsys.readouterr().err.splitlines()
    assert re.search(message, sentence)


@pytest.mark.parametrize("command", ["front-page", "render"])
@pytest.mark.parametrize("content", [b"\xac\xff", b"\x00", b"", b"\xff\xfe{\x00}\x00"])
def test_a_manifest_that_is_no_text_is_one_sentence(
    command: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, table = tmp_path / "manifest.json", tmp_path / "final.csv"
    path.write_bytes(content)
    ROWS.to_csv(table, index=False)
    rest = ["--out", str(tmp_path / "x.html")] if command == "front-page" else [str(table)]
    with pytest.raises(SystemExit):
        main.main([command, "--manifest", str(path), *rest])
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"dirgrad: {path}: ")


def test_a_value_of_another_type_in_a_manifest_is_named(
    manifest: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = next(iter(manifest["jobs"]))
    jobs = manifest["jobs"] | {job: {"run_id": 3}}
    with pytest.raises(SystemExit):
        run_front_page(tmp_path, manifest | {"jobs": jobs})
    assert f"manifest.json: jobs.{job}.run_id: unexpected value 3" in capsys.readouterr().err
