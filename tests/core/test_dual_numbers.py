"""The JVPs of both frameworks agree with dual numbers."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from dirgrad.components.problems.mlp import Mlp
from dirgrad.components.problems.quadratic import Quadratic
from dirgrad.core.types import Backend
from support import dual
from support.cases import CASES, compiled, loss_of, placed, random_like
from support.dual import Dual


def rosenbrock(params: dict, batch: tuple, problem: object) -> Dual:
    terms = [
        (1 - x) * (1 - x) + 100 * (next_x - x * x) * (next_x - x * x)
        for x, next_x in pairwise(params["x"])
    ]
    return dual.total(terms)


def beale(params: dict, batch: tuple, problem: object) -> Dual:
    x, y = params["x"]
    terms = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y]
    return dual.total([term * term for term in terms])


def quadratic(params: dict, batch: tuple, problem: Quadratic) -> Dual:
    eigenvalues = problem.eigenvalues()
    terms = [x * x * weight for x, weight in zip(params["x"], eigenvalues, strict=True)]
    return 0.5 * dual.total(terms)


def mlp(params: dict, batch: tuple, problem: Mlp) -> Dual:
    num_hidden = len(problem.hidden)
    losses = []
    for image, label in zip(*batch, strict=True):
        x = [Dual(pixel) for pixel in image.ravel()]
        for i in range(num_hidden):
            x = [dual.relu(z) for z in dual.affine(x, params[f"weight_{i}"], params[f"bias_{i}"])]
        logits = dual.affine(x, params[f"weight_{num_hidden}"], params[f"bias_{num_hidden}"])
        losses.append(dual.cross_entropy(logits, int(label)))
    return dual.total(losses) * (1 / len(losses))


DUAL_LOSSES = {
    "rosenbrock": rosenbrock,
    "rosenbrock_chain": rosenbrock,
    "beale": beale,
    "quadratic": quadratic,
    "mlp": mlp,
}


def dual_array(values: np.ndarray, tangents: np.ndarray) -> Dual | list:
    """Return dual numbers in nested lists of the shape of the arrays."""
    if values.ndim == 0:
        return Dual(float(values), float(tangents))
    return [dual_array(*pair) for pair in zip(values, tangents, strict=True)]


@pytest.mark.parametrize("name", DUAL_LOSSES)
def test_the_jvp_equals_the_derivative_by_dual_numbers(backend: Backend, name: str) -> None:
    case = CASES[name]
    params = case.params()
    tangent = random_like(params, seed=1)
    dual_params = {key: dual_array(params[key], tangent[key]) for key in params}
    expected = DUAL_LOSSES[name](dual_params, case.batch(), case.problem)
    loss = loss_of(backend, case)
    jvp = compiled(backend, lambda p, t: backend.ops.jvp(loss, (p,), (t,)))
    value, slope = jvp(placed(backend, params), placed(backend, tangent))
    assert float(value) == pytest.approx(expected.value, rel=1e-12)
    assert float(slope) == pytest.approx(expected.tangent, rel=1e-10)


def test_the_square_of_eps_is_zero() -> None:
    eps = Dual(0.0, 1.0)
    assert eps * eps == Dual(0.0, 0.0)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [(dual.exp, np.exp(0.3)), (dual.log, 1 / 0.3), (dual.tanh, 1 / np.cosh(0.3) ** 2)],
)
def test_a_function_multiplies_the_tangent_by_its_derivative(
    function: Callable[[Dual], Dual], derivative: float
) -> None:
    assert function(Dual(0.3, 2.0)).tangent == pytest.approx(2 * derivative, rel=1e-14)
