"""What readers see of tables: cells, pages, LaTeX and the front page, from small tables made by hand."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dirgrad.cli import main
from dirgrad.config import outputs, validation
from dirgrad.report.pages import cells, front, table
from support.paths import ROOT

ORIGIN = '{"run_id": "0123456789ab", "records": []}'
ROWS = pd.DataFrame(
    {
        "estimator": ["backprop", "forward_gradient"],
        "precision": ["float32", "float32"],
        "n": [5, 5],
        "dimension": [669706, np.nan],
        "loss": [0.123456, 1089.6],
        "loss_low": [0.1, np.nan],
        "loss_high": [0.2, np.nan],
        "empty": [np.nan, np.nan],
    }
)


class Read(HTMLParser):
    """The rows of the tables of a page, as a browser reads them, and all that it would ask others for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.asked: list[str] = []
        self.cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.asked += [
            str(value)
            for name, value in attrs
            if name in ("src", "href") and not str(value).startswith("data:")
        ]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.cell = True

    def handle_endtag(self, tag: str) -> None:
        self.cell = self.cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.rows[-1][-1] += data


def test_a_value_and_its_interval_are_one_cell_of_three_digits() -> None:
    columns, shared = cells.readable(ROWS)
    assert list(columns) == ["estimator", "dimension", "loss"]
    assert list(columns["loss"]) == ["0.123 [0.1, 0.2]", "1090"]
    assert list(columns["dimension"]) == ["669706", ""]
    assert shared == {"precision": "float32", "n": "5"}


@given(st.floats(1e-300, 1e300))
def test_a_number_is_off_by_less_than_half_of_its_third_digit(value: float) -> None:
    assert float(cells.number(value)) == pytest.approx(value, rel=0.00501)


def test_a_page_has_every_row_and_asks_for_nothing() -> None:
    page = Read(table.html(ROWS, "final", ORIGIN))
    assert page.rows == [
        ["estimator", "dimension", "loss"],
        ["backprop", "669706", "0.123 [0.1, 0.2]"],
        ["forward_gradient", "", "1090"],
    ]
    assert page.asked == []


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20))
def test_text_in_a_page_is_text(text: str) -> None:
    page = Read(table.html(pd.DataFrame({"a": [text, "other"]}), "t", ORIGIN))
    assert page.rows[1:] == [[text], ["other"]]


@given(st.text("ab&%$#_{}~^\\", min_size=1, max_size=20))
def test_text_in_latex_is_text(text: str) -> None:
    made = table.latex(pd.DataFrame({"a_b": [text, "other"]}), "t", ORIGIN)
    (row,) = re.findall(r"\\midrule\n(.*) \\\\\nother", made)
    # Every character that means something to TeX stands as the command that prints it.
    commands = {r"\textbackslash ": "\\", r"\textasciitilde ": "~", r"\textasciicircum ": "^"}
    commands |= {f"\\{character}": character for character in "&%$#_{}"} | {
        character: character for character in "ab"
    }
    found = re.findall("|".join(map(re.escape, commands)), row)
    assert "".join(found) == row
    assert "".join(commands[one] for one in found) == text


def test_latex_has_the_rules_of_booktabs_and_a_long_table_goes_on() -> None:
    made = table.latex(ROWS, "final", ORIGIN)
    assert all(
        rule in made for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}")
    )
    assert r"forward\_gradient &  & 1090 \\" in made
    assert made.startswith(
        "% final.csv, 2 rows\n% the same in all rows: precision float32; n 5\n% {"
    )
    assert r"\begin{longtable}" in table.latex(pd.concat([ROWS] * 30), "final", ORIGIN)


@pytest.mark.parametrize("rows", [ROWS[:0], ROWS[:1]], ids=["none", "one"])
def test_a_table_of_few_rows_is_a_page_and_latex_too(rows: pd.DataFrame) -> None:
    assert len(Read(table.html(rows, "final", ORIGIN)).rows) == 1 + len(rows)
    assert r"\bottomrule" in table.latex(rows, "final", ORIGIN)


CLAIMS = pd.DataFrame(
    {
        "id": ["cheaper", "slower"],
        "source": ["Baydin et al. 2022", "McGreivy & others"],
        "statement": ["A step is <cheaper> than backprop's.", "It needs more steps."],
        "quantity": ["R_f_over_R_b", "steps_over_backprop"],
        "criterion": ["below 1", "above 1"],
        "measured": [1.234, np.nan],
        "low": [1.1, np.nan],
        "high": [1.4, np.nan],
        "verdict": ["does not hold", "not run in this tier"],
    }
)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The manifest of the reference, with what later ones tell."""
    told: dict[str, Any] = json.loads(
        (ROOT / "results/reference/default/manifest.json").read_text(encoding="utf-8")
    )
    told["config"] = validation.load([ROOT / "config/config.yaml"])
    noisy = {"cost/baydin/jax": {"run_id": "aa", "other_cpu_fraction": 0.31, "noisy": True}}
    told["cells"] = {name: one | {"run_id": "bb"} for name, one in told["cells"].items()}
    return told | {
        "run_id": "feedfeedfeed",
        "threads": 1,
        "exclusive": False,
        "measurements": noisy,
    }


def test_the_front_page_says_what_was_run_on_what_and_what_came_of_it(
    manifest: dict[str, Any],
) -> None:
    page = front.page(manifest, CLAIMS[::-1], [])
    rows = {row[0]: row[1:] for row in Read(page).rows}
    assert rows["run"] == ["feedfeedfeed"]
    assert rows["commit"] == [", ".join(manifest["commit"])]
    assert rows["configuration"] == [manifest["config_hash"]]
    assert rows["torch"] == manifest["torch"]
    assert rows["threads of a job"] == ["1"]
    assert rows["cost/baydin/jax"] == ["31.0%, NOISY"]
    assert rows["A step is <cheaper> than backprop's."][3:] == ["1.23 [1.1, 1.4]", "does not hold"]
    assert list(rows).index("It needs more steps.") > list(rows).index(
        "A step is <cheaper> than backprop's."
    )
    assert rows["It needs more steps."] == [
        "McGreivy & others",
        "steps_over_backprop",
        "above 1",
        "",
        "not run in this tier",
    ]
    assert "<b>not run in this tier</b>: 1; <b>does not hold</b>: 1" in page
    assert Read(page).asked == []


@pytest.mark.parametrize(
    ("claims", "said"),
    [(None, "No claim has been judged in this run"), (CLAIMS[:0], "The table of claims is empty")],
    ids=["no table", "no claims"],
)
def test_where_no_claim_was_judged_the_front_page_says_so(
    claims: pd.DataFrame | None, said: str, manifest: dict[str, Any]
) -> None:
    assert said in front.page(manifest, claims, [])


def made(path: Path) -> Path:
    Image.new("L", (4, 4)).save(path)
    return path


def test_a_headline_figure_is_in_the_page_with_a_sentence(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    page = front.page(manifest, None, [made(tmp_path / "baydin_fig3.png")])
    assert 'src="data:image/png;base64,' in page
    assert "<b>baydin fig3.</b> Training and validation loss of backprop" in page


def test_the_headlines_of_every_tier_are_figures_that_say_what_they_are() -> None:
    for tier in ([], ["smoke"], ["paper"], ["sequences"]):
        raw = validation.load(
            [ROOT / "config/config.yaml", *(ROOT / f"config/{name}.yaml" for name in tier)]
        )
        known = outputs.figure_specs(raw)
        assert outputs.front_page_figures(raw)
        for name in outputs.front_page_figures(raw):
            assert name in known


def run(tmp_path: Path, manifest: Any, *arguments: str) -> None:
    (tmp_path / "manifest.json").write_text(
        manifest if isinstance(manifest, str) else json.dumps(manifest)
    )
    command = [
        "front-page",
        "--manifest",
        str(tmp_path / "manifest.json"),
        "--out",
        str(tmp_path / "front.html"),
        *arguments,
    ]
    main.main(command)


def test_the_command_takes_the_claims_from_among_the_tables(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    CLAIMS.to_csv(tmp_path / "claims.csv", index=False)
    ROWS.to_csv(tmp_path / "final.csv", index=False)
    run(tmp_path, manifest, "--tables", str(tmp_path / "final.csv"), str(tmp_path / "claims.csv"))
    assert "does not hold" in (tmp_path / "front.html").read_text()


def test_the_command_renders_tables_that_are_made_elsewhere(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    CLAIMS.to_csv(tmp_path / "claims.csv", index=False)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    main.main(
        ["render", str(tmp_path / "claims.csv"), "--manifest", str(tmp_path / "manifest.json")]
    )
    assert "feedfeedfeed" in (tmp_path / "claims.tex").read_text()
    assert "A step is &lt;cheaper&gt;" in (tmp_path / "claims.html").read_text()


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        ("{", [], r"manifest\.json: line 1: no JSON"),
        ({"run_id": None}, [], r"manifest\.json: run_id: missing"),
        ({}, ["--tables", "claims.csv"], r"claims\.csv: verdict: missing"),
        (
            {},
            ["--figures", "baydin_fig9.png"],
            r"baydin_fig9\.png: no figure of this configuration: did you mean 'baydin_fig\d'",
        ),
        ({}, ["--tables", "nowhere/claims.csv"], r"nowhere/claims\.csv: no such file"),
    ],
)
def test_a_mistake_is_one_sentence(
    change: Any,
    arguments: list[str],
    said: str,
    manifest: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    CLAIMS.drop(columns="verdict").to_csv("claims.csv", index=False)
    made(Path("baydin_fig9.png"))
    given_manifest = (
        change
        if isinstance(change, str)
        else {k: v for k, v in manifest.items() if k not in change}
    )
    with pytest.raises(SystemExit):
        run(tmp_path, given_manifest, *arguments)
    (sentence,) = capsys.readouterr().err.splitlines()
    assert re.search(said, sentence)
