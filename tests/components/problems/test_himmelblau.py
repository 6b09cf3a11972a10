"""Himmelblau's function has four minima of value 0, its known gradient, and can be trained."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad import backends
from dirgrad.core.types import Backend
from dirgrad.records.schemas import TrialStatus
from support.cases import CASES, loss_of, placed
from support.small_trainings import train_small

MINIMA = [(3.0, 2.0), (-2.805118, 3.131313), (-3.779310, -3.283186), (3.584428, -1.848127)]
COORDINATES = st.floats(-10, 10)


@pytest.mark.parametrize("minimum", MINIMA)
def test_the_function_is_zero_at_its_four_minima(
    backend: Backend, minimum: tuple[float, float]
) -> None:
    value = loss_of(backend, CASES["himmelblau"])(placed(backend, {"x": np.array(minimum)}))
    # The minima are known to six decimals, and the eigenvalues of the Hessian are below 150.
    assert float(value) == pytest.approx(0, abs=150 * 1e-12)


@pytest.mark.parametrize("framework", backends.NAMES)
@settings(max_examples=25, deadline=None)
@given(x=COORDINATES, y=COORDINATES)
def test_the_gradient_is_its_closed_form(framework: str, x: float, y: float) -> None:
    backend = backends.load(framework, 1, "float64")
    loss = loss_of(backend, CASES["himmelblau"])
    _, gradient = backend.ops.value_and_grad(loss)(placed(backend, {"x": np.array([x, y])}))
    first = x * x + y - 11
    second = x + y * y - 7
    expected = [4 * x * first + 2 * second, 2 * first + 4 * y * second]
    result = backend.engine.to_numpy(gradient["x"])
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-11)


def test_every_kind_of_estimator_lowers_the_loss(backend: Backend) -> None:
    estimators = ["backprop", "forward_gradient", "central"]
    rows, curves = train_small(
        backend, {"kind": "himmelblau"}, learning_rates=[1e-4], seeds=2, estimators=estimators
    )
    assert (rows["status"] == TrialStatus.OK).all()
    assert set(rows["estimator"]) == set(estimators)
    assert (rows["final_loss"] < curves.loc[curves["step"] == 0, "loss"].min()).all()
