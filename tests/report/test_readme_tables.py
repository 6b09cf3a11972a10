"""The README says what its commands print, and its example works."""

import re
from pathlib import Path

import numpy as np
import pytest

from dirgrad.core import steps
from dirgrad.core.types import Backend
from dirgrad.report.readme_tables import page
from support.cases import CASES, DIRECTIONS, loss_of, placed
from support.paths import ROOT

README = ROOT / "README.md"
PAGES = (README, ROOT / "results" / "reference" / "README.md")


def found(pattern: str) -> list[tuple[Path, str]]:
    """What the pages have of a pattern, each once."""
    every = ((page, re.findall(pattern, page.read_text(encoding="utf-8"))) for page in PAGES)
    return [(page, each) for page, matches in every for each in dict.fromkeys(matches)]


@pytest.mark.parametrize(("where", "paths"), found(r"<!-- dirgrad readme-table (.+?) -->"))
def test_a_table_is_what_its_command_prints(where: Path, paths: str) -> None:
    text = where.read_text(encoding="utf-8")
    shown = (
        text.split(f"<!-- dirgrad readme-table {paths} -->")[1]
        .split("<!-- /readme-table -->")[0]
        .strip()
    )
    assert shown == page([ROOT / path for path in paths.split()]).strip()


@pytest.mark.parametrize(("where", "table"), found(r"(?m)^(?:\|.*\|\n)+"))
def test_a_table_has_as_many_cells_in_every_row(where: Path, table: str) -> None:
    cells = [len(re.split(r"(?<!\\)\|", row)) for row in table.splitlines()]
    assert len(set(cells)) == 1


@pytest.mark.parametrize("where", PAGES)
def test_there_are_tables(where: Path) -> None:
    text = where.read_text(encoding="utf-8")
    assert text.count("<!-- dirgrad readme-table ") == text.count("<!-- /readme-table -->") >= 2


@pytest.mark.parametrize(("where", "link"), found(r"\]\((?!http)([^)#]+)\)"))
def test_a_link_leads_somewhere(where: Path, link: str) -> None:
    assert (where.parent / link).exists()


def test_the_example_of_an_estimator_works(backend: Backend) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    space: dict = {"__name__": "squashed"}
    exec(compile(example, "README.md", "exec"), space)
    estimator = space["Squashed"](direction=DIRECTIONS["gaussian"])
    params, loss = (
        placed(backend, CASES["rosenbrock"].params()),
        loss_of(backend, CASES["rosenbrock"]),
    )
    (key,) = backend.engine.keys(np.array([0]))
    found = estimator.estimate(
        backend.ops, loss, params, steps.direction_sampler(backend.ops, estimator, key, params)
    )
    assert abs(float(found.scale)) <= 1
    assert float(found.loss) == pytest.approx(104.0)
