"""Rosenbrock's function has its known minimum in two and in more dimensions."""

import numpy as np
import pytest

from dirgrad.core.types import Backend
from support.cases import CASES, loss_of, placed


@pytest.mark.parametrize(("name", "dimension"), [("rosenbrock", 2), ("rosenbrock_chain", 10)])
def test_the_function_is_zero_where_all_variables_are_1(
    backend: Backend, name: str, dimension: int
) -> None:
    minimum = placed(backend, {"x": np.ones(dimension)})
    loss = loss_of(backend, CASES[name])
    assert float(loss(minimum)) == pytest.approx(0.0, abs=1e-28)
