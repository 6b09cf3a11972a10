"""The README says what its commands print, and its example works."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cases import CASES, DIRECTIONS, loss_of, placed
from dirgrad import steps
from dirgrad.headline import markdown
from dirgrad.types import Backend

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_is_what_the_command_prints() -> None:
    shown = README.split("<!-- headline -->")[1].split("<!-- /headline -->")[0].strip()
    assert shown == markdown(pd.read_csv(ROOT / "results/reference/default/tables/final.csv")).strip()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_example_of_an_estimator_works(backend: Backend) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    space: dict = {"__name__": "clipped"}
    exec(compile(example, "README.md", "exec"), space)
    estimator = space["Clipped"](direction=DIRECTIONS["gaussian"])
    params, loss = placed(backend, CASES["rosenbrock"].params()), loss_of(backend, CASES["rosenbrock"])
    (key,) = backend.engine.keys(np.array([0]))
    found = estimator.estimate(backend.ops, loss, params, steps.source(backend.ops, estimator, key, params))
    assert abs(float(found.slope)) <= 1
    assert float(found.loss) == pytest.approx(104.0)
