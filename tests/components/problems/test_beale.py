"""Beale's function has its known minimum and, at the point in the paper, its known gradient."""

import numpy as np
import pytest

from dirgrad.core.types import Backend
from support.cases import CASES, loss_of, placed


def test_the_gradient_at_the_point_in_the_paper_is_correct_to_six_decimals(
    backend: Backend,
) -> None:
    point = placed(backend, {"x": np.array([1.5, -0.1])})
    _, gradient = backend.ops.value_and_grad(loss_of(backend, CASES["beale"]))(point)
    expected = [-3.433947, -0.807885]
    np.testing.assert_allclose(backend.engine.to_numpy(gradient["x"]), expected, atol=5e-7)


def test_the_function_is_zero_at_its_minimum(backend: Backend) -> None:
    minimum = placed(backend, {"x": np.array([3.0, 0.5])})
    loss = loss_of(backend, CASES["beale"])
    assert float(loss(minimum)) == pytest.approx(0.0, abs=1e-28)
