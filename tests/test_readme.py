"""The README says what its commands print, and its example works."""

import re
from pathlib import Path

import numpy as np
import pytest

from cases import CASES, DIRECTIONS, loss_of, placed
from dirgrad import steps
from dirgrad.headline import page
from dirgrad.types import Backend

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("paths", re.findall(r"<!-- dirgrad headline (.+?) -->", README))
def test_a_table_is_what_its_command_prints(paths: str) -> None:
    shown = README.split(f"<!-- dirgrad headline {paths} -->")[1].split("<!-- /headline -->")[0].strip()
    assert shown == page([ROOT / path for path in paths.split()]).strip()


@pytest.mark.parametrize("table", re.findall(r"(?m)^(?:\|.*\|\n)+", README))
def test_a_table_has_as_many_cells_in_every_row(table: str) -> None:
    cells = [len(re.split(r"(?<!\\)\|", row)) for row in table.splitlines()]
    assert len(set(cells)) == 1


def test_there_are_tables() -> None:
    assert README.count("<!-- dirgrad headline ") == README.count("<!-- /headline -->") >= 2


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_example_of_an_estimator_works(backend: Backend) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    space: dict = {"__name__": "squashed"}
    exec(compile(example, "README.md", "exec"), space)
    estimator = space["Squashed"](direction=DIRECTIONS["gaussian"])
    params, loss = placed(backend, CASES["rosenbrock"].params()), loss_of(backend, CASES["rosenbrock"])
    (key,) = backend.engine.keys(np.array([0]))
    found = estimator.estimate(backend.ops, loss, params, steps.source(backend.ops, estimator, key, params))
    assert abs(float(found.slope)) <= 1
    assert float(found.loss) == pytest.approx(104.0)
