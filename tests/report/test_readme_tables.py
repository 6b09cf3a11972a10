"""The README files contain the output of their commands, working links and a working example."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.tables import baydin
from dirgrad.core import steps
from dirgrad.core.types import Backend
from dirgrad.report.readme_tables import answers_page, markdown, page
from support.cases import CASES, DIRECTIONS, loss_of, placed
from support.hand_made_descents import paired_records
from support.hand_made_records import QUICK
from support.paths import ROOT

README = ROOT / "README.md"
PAGES = {"readme-table": page, "answers": answers_page}
"""Function that makes the text of a command."""
RESULTS = ROOT / "results" / "reference"
READMES = (README, RESULTS / "README.md", RESULTS / "gpu" / "README.md")


def matches(pattern: str) -> list[tuple[Path, str]]:
    """Return the matches of a pattern in the README files, each match once per file."""
    pairs = []
    for readme in READMES:
        texts = re.findall(pattern, readme.read_text(encoding="utf-8"))
        pairs += [(readme, text) for text in dict.fromkeys(texts)]
    return pairs


@pytest.mark.parametrize(("readme", "words"), matches(r"<!-- dirgrad (.+?) -->"))
def test_a_table_is_the_output_of_its_command(readme: Path, words: str) -> None:
    command, *paths = words.split()
    text = readme.read_text(encoding="utf-8")
    _, _, after_marker = text.partition(f"<!-- dirgrad {words} -->")
    table, _, _ = after_marker.partition(f"<!-- /{command} -->")
    assert table.strip() == PAGES[command]([ROOT / path for path in paths]).strip()


@pytest.mark.parametrize(("readme", "table"), matches(r"(?m)^(?:\|.*\|\n)+"))
def test_all_rows_of_a_table_have_equally_many_cells(readme: Path, table: str) -> None:
    numbers_of_cells = [len(re.split(r"(?<!\\)\|", row)) for row in table.splitlines()]
    assert len(set(numbers_of_cells)) == 1


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_has_generated_tables(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    for command in PAGES:
        assert text.count(f"<!-- dirgrad {command} ") == text.count(f"<!-- /{command} -->")
    assert "<!-- dirgrad " in text


def test_the_readme_is_read_in_three_minutes() -> None:
    words = re.findall(r"\S*\w\S*", README.read_text(encoding="utf-8"))
    assert len(words) <= 900


@pytest.mark.parametrize(("readme", "link"), matches(r"\]\((?!http)([^)#]+)\)"))
def test_a_link_leads_to_an_existing_file(readme: Path, link: str) -> None:
    assert (readme.parent / link).exists()


def test_the_example_of_an_estimator_works(backend: Backend) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    namespace: dict = {"__name__": "squashed"}
    exec(compile(example, "README.md", "exec"), namespace)
    estimator = namespace["Squashed"](direction=DIRECTIONS["gaussian"])
    params = placed(backend, CASES["rosenbrock"].params())
    loss = loss_of(backend, CASES["rosenbrock"])
    (key,) = backend.engine.keys(np.array([0]))
    sampler = steps.direction_sampler(backend.ops, estimator, key, params)
    estimate = estimator.estimate(backend.ops, loss, params, sampler)
    assert abs(float(estimate.scale)) <= 1
    assert float(estimate.loss) == pytest.approx(104.0)


def test_the_papers_values_stand_beside_every_estimator_that_was_measured() -> None:
    table = baydin.make(paired_records(forward=[4.0, 1.0, 0.0, 0.0]), QUICK)
    rank_one = table.assign(estimator="rank_one", paper_value=np.nan, value=0.25, value_low=np.nan)
    lines = markdown("baydin", pd.concat([table, rank_one])).splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [(row[3], row[4], row[5].partition(" ")[0], row[6]) for row in cells] == [
        ("backprop_final_valid_loss", "backprop", "0.88", "0.5 [0.5, 0.5]"),
        ("forward_final_valid_loss", "forward_gradient", "0.52", "0 [0, 0]"),
        ("forward_final_valid_loss", "rank_one", "", "0.25"),
        ("T_f_over_T_b", "forward_gradient", "0.229", "0.733 to 1.33"),
        ("T_f_over_T_b", "rank_one", "", "0.25"),
    ]
