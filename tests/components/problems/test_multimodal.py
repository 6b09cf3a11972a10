"""The functions of Rastrigin and Ackley have their minimum and gradient, and can be trained."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad import backends
from dirgrad.components.problems.ackley import Ackley
from dirgrad.components.problems.rastrigin import Rastrigin
from dirgrad.core.types import Backend, Problem
from dirgrad.records.schemas import TrialStatus
from support.cases import Case, loss_of, placed
from support.small_trainings import train_small

PROBLEMS: dict[str, Callable[..., Problem]] = {"rastrigin": Rastrigin, "ackley": Ackley}
ESTIMATORS = ["backprop", "forward_gradient", "central"]
# The cusp of Ackley's function is at 0, and its gradient oscillates faster than float64 resolves
# far from 0.
COORDINATES = st.floats(0.01, 30.0) | st.floats(-30.0, -0.01)


def rastrigin_gradient(x: np.ndarray) -> np.ndarray:
    return 2 * x + 20 * np.pi * np.sin(2 * np.pi * x)


def ackley_gradient(x: np.ndarray) -> np.ndarray:
    root_mean_square = np.sqrt(np.mean(x**2))
    funnel = 4 * np.exp(-root_mean_square / 5) * x / root_mean_square
    ripples = 2 * np.pi * np.exp(np.mean(np.cos(2 * np.pi * x))) * np.sin(2 * np.pi * x)
    return (funnel + ripples) / len(x)


GRADIENTS = {"rastrigin": rastrigin_gradient, "ackley": ackley_gradient}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("dimension", [1, 2, 10])
def test_the_minimum_is_zero_at_the_origin(backend: Backend, name: str, dimension: int) -> None:
    loss = loss_of(backend, Case(PROBLEMS[name](dimension=dimension), terms=0))
    assert float(loss(placed(backend, {"x": np.zeros(dimension)}))) == pytest.approx(0, abs=1e-14)
    rng = np.random.default_rng(0)
    for scale in (1e-3, 0.1, 10.0):
        x = scale * rng.standard_normal(dimension)
        assert float(loss(placed(backend, {"x": x}))) > 0


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("framework", backends.NAMES)
@settings(max_examples=25, deadline=None)
@given(x=st.lists(COORDINATES, min_size=1, max_size=4))
def test_the_gradient_is_its_closed_form(framework: str, name: str, x: list[float]) -> None:
    backend = backends.load(framework, 1, "float64")
    point = np.array(x)
    loss = loss_of(backend, Case(PROBLEMS[name](dimension=len(x)), terms=0))
    _, gradient = backend.ops.value_and_grad(loss)(placed(backend, {"x": point}))
    result = backend.engine.to_numpy(gradient["x"])
    # The sine amplifies the rounding of 2 pi x by its argument, which is below 200.
    np.testing.assert_allclose(result, GRADIENTS[name](point), rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_kind_of_estimator_lowers_the_loss(backend: Backend, name: str) -> None:
    rows, curves = train_small(
        backend,
        {"kind": name, "dimension": 3},
        learning_rates=[1e-4],
        seeds=2,
        estimators=ESTIMATORS,
    )
    assert (rows["status"] == TrialStatus.OK).all()
    assert set(rows["estimator"]) == set(ESTIMATORS)
    first_loss = curves.loc[curves["step"] == 0, "loss"]
    assert (rows["final_loss"] < first_loss.min()).all()
