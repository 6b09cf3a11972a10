"""The slope and the gradient of all problems agree with each other and with differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad import backends
from dirgrad.core.types import Backend
from support.cases import CASES, compiled, inner, loss_of, placed, random_like
from support.derivatives import compile_jvp, loss_and_gradient

# Factors have six decimals. A product of factors near the smallest number would underflow, and
# the derivative would not be linear.
FACTORS = st.floats(-10, 10).map(lambda x: round(x, 6))


@pytest.mark.parametrize("name", CASES)
def test_the_slope_is_the_inner_product_of_gradient_and_tangent(
    backend: Backend, name: str
) -> None:
    params = CASES[name].params()
    tangent = random_like(params, seed=2)
    jvp = compile_jvp(backend, name)
    value, slope = jvp(placed(backend, params), placed(backend, tangent))
    loss, gradient = loss_and_gradient(backend, name)
    scale = np.sqrt(inner(gradient, gradient) * inner(tangent, tangent))
    assert float(value) == pytest.approx(loss, rel=1e-12)
    assert float(slope) == pytest.approx(inner(gradient, tangent), abs=1e-12 * scale)


@pytest.mark.parametrize("name", CASES)
def test_central_differences_approximate_the_gradient(backend: Backend, name: str) -> None:
    params = CASES[name].params()
    loss = compiled(backend, loss_of(backend, CASES[name]))
    tangent = random_like(params, seed=3)
    eps = 1e-5

    def loss_after_step(step: float) -> float:
        moved = {key: params[key] + step * tangent[key] for key in params}
        return float(loss(placed(backend, moved)))

    _, gradient = loss_and_gradient(backend, name)
    scale = np.sqrt(inner(gradient, gradient) * inner(tangent, tangent))
    difference = (loss_after_step(eps) - loss_after_step(-eps)) / (2 * eps)
    assert difference == pytest.approx(inner(gradient, tangent), abs=1e-5 * scale)


@pytest.mark.parametrize("name", ["rosenbrock_chain", "mlp"])
@pytest.mark.parametrize("framework", backends.NAMES)
@settings(max_examples=8, deadline=None)
@given(a=FACTORS, b=FACTORS, seed=st.integers(0, 1000))
def test_the_slope_is_linear_in_the_tangent(
    framework: str, name: str, a: float, b: float, seed: int
) -> None:
    backend = backends.load(framework, 1, "float64")
    params = CASES[name].params()
    jvp = compile_jvp(backend, name)
    u = random_like(params, seed)
    v = random_like(params, seed + 1)

    def slope(tangent: dict[str, np.ndarray]) -> float:
        _, value = jvp(placed(backend, params), placed(backend, tangent))
        return float(value)

    combination = {key: a * u[key] + b * v[key] for key in params}
    expected = a * slope(u) + b * slope(v)
    _, gradient = loss_and_gradient(backend, name)
    squared_norms = inner(u, u) * a * a + inner(v, v) * b * b
    # The addend keeps the tolerance positive if both factors are 0.
    scale = np.sqrt(inner(gradient, gradient) * squared_norms) + 1e-300
    assert slope(combination) == pytest.approx(expected, abs=1e-12 * scale)
