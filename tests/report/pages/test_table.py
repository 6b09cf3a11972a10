"""A table becomes an HTML page without requests, and LaTeX with booktabs rules."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.cli import main
from dirgrad.report.pages import table
from support.pages import CLAIMS, ORIGIN, ROWS, PageReader

SPECIAL_IN_LATEX = {
    r"\textbackslash ": "\\",
    r"\textasciitilde ": "~",
    r"\textasciicircum ": "^",
} | {f"\\{character}": character for character in "&%$#_{}"}
"""Character that each LaTeX command prints."""


def test_a_page_contains_every_row_and_requests_nothing() -> None:
    page = PageReader(table.html(ROWS, "final", ORIGIN))
    assert page.rows == [
        ["estimator", "dimension", "loss"],
        ["backprop", "669706", "0.123 [0.1, 0.2]"],
        ["forward_gradient", "", "1090"],
    ]
    assert page.requests == []


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20))
def test_a_page_shows_any_text_literally(text: str) -> None:
    page = PageReader(table.html(pd.DataFrame({"a": [text, "other"]}), "t", ORIGIN))
    assert page.rows[1:] == [[text], ["other"]]


@settings(deadline=None)
@given(st.text("ab&%$#_{}~^\\", min_size=1, max_size=20))
def test_latex_prints_special_characters_literally(text: str) -> None:
    latex = table.latex(pd.DataFrame({"a_b": [text, "other"]}), "t", ORIGIN)
    (cell,) = re.findall(r"\\midrule\n(.*) \\\\\nother", latex)
    printed = SPECIAL_IN_LATEX | {"a": "a", "b": "b"}
    tokens = re.findall("|".join(map(re.escape, printed)), cell)
    assert "".join(tokens) == cell
    assert "".join(printed[token] for token in tokens) == text


def test_latex_has_booktabs_rules_and_many_rows_become_a_longtable() -> None:
    latex = table.latex(ROWS, "final", ORIGIN)
    expected = (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}")
    assert all(command in latex for command in expected)
    assert r"forward\_gradient &  & 1090 \\" in latex
    assert latex.startswith("% final.csv, 2 rows\n% constant columns: precision float32; n 5\n% {")
    assert r"\begin{longtable}" in table.latex(pd.concat([ROWS] * 30), "final", ORIGIN)


@pytest.mark.parametrize("rows", [ROWS[:0], ROWS[:1]], ids=["no row", "one row"])
def test_a_table_with_fewer_than_two_rows_becomes_html_and_latex(rows: pd.DataFrame) -> None:
    assert len(PageReader(table.html(rows, "final", ORIGIN)).rows) == 1 + len(rows)
    assert r"\bottomrule" in table.latex(rows, "final", ORIGIN)


def test_the_command_render_writes_a_csv_file_as_html_and_latex(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    csv_path = tmp_path / "claims.csv"
    manifest_path = tmp_path / "manifest.json"
    CLAIMS.to_csv(csv_path, index=False)
    manifest_path.write_text(json.dumps(manifest))
    main.main(["render", str(csv_path), "--manifest", str(manifest_path)])
    assert "feedfeedfeed" in (tmp_path / "claims.tex").read_text()
    assert "A step is &lt;cheaper&gt;" in (tmp_path / "claims.html").read_text()
