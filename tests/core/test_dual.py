"""The JVPs of both frameworks against dual numbers written by hand."""

from itertools import pairwise

import numpy as np
import pytest

from dirgrad.components.problems.mlp import Mlp
from dirgrad.components.problems.quadratic import Quadratic
from dirgrad.core.types import Backend
from support import dual
from support.cases import CASES, Case, compiled, loss_of, placed, random_like
from support.dual import Dual


def rosenbrock(params: dict, batch: tuple, problem: object) -> Dual:
    x = params["x"]
    return dual.total([(1 - a) * (1 - a) + 100 * (b - a * a) * (b - a * a) for a, b in pairwise(x)])


def beale(params: dict, batch: tuple, problem: object) -> Dual:
    x, y = params["x"]
    terms = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y]
    return dual.total([term * term for term in terms])


def quadratic(params: dict, batch: tuple, problem: Quadratic) -> Dual:
    return 0.5 * dual.total(
        [x * x * weight for x, weight in zip(params["x"], problem.eigenvalues(), strict=True)]
    )


def mlp(params: dict, batch: tuple, problem: Mlp) -> Dual:
    losses = []
    for image, label in zip(*batch, strict=True):
        x = [Dual(pixel) for pixel in image.ravel()]
        for i in range(len(problem.hidden)):
            x = [dual.relu(z) for z in dual.affine(x, params[f"weight_{i}"], params[f"bias_{i}"])]
        logits = dual.affine(
            x, params[f"weight_{len(problem.hidden)}"], params[f"bias_{len(problem.hidden)}"]
        )
        losses.append(dual.cross_entropy(logits, int(label)))
    return dual.total(losses) * (1 / len(losses))


ORACLES = {
    "rosenbrock": rosenbrock,
    "rosenbrock_chain": rosenbrock,
    "beale": beale,
    "quadratic": quadratic,
    "mlp": mlp,
}


def duals(values: np.ndarray, tangents: np.ndarray) -> list:
    if values.ndim == 0:
        return Dual(float(values), float(tangents))
    return [duals(value, tangent) for value, tangent in zip(values, tangents, strict=True)]


@pytest.mark.parametrize("name", ORACLES)
def test_the_jvp_is_that_of_dual_numbers(backend: Backend, name: str) -> None:
    case: Case = CASES[name]
    params, tangent = case.params(), random_like(case.params(), seed=1)
    expected = ORACLES[name](
        {k: duals(params[k], tangent[k]) for k in params}, case.batch(), case.problem
    )
    jvp = compiled(backend, lambda p, t: backend.ops.jvp(loss_of(backend, case), (p,), (t,)))
    value, slope = jvp(placed(backend, params), placed(backend, tangent))
    assert float(value) == pytest.approx(expected.value, rel=1e-12)
    assert float(slope) == pytest.approx(expected.tangent, rel=1e-10)


def test_eps_squares_to_zero() -> None:
    eps = Dual(0.0, 1.0)
    assert eps * eps == Dual(0.0, 0.0)


@pytest.mark.parametrize(
    ("node", "derivative"),
    [(dual.exp, np.exp(0.3)), (dual.log, 1 / 0.3), (dual.tanh, 1 / np.cosh(0.3) ** 2)],
)
def test_a_node_carries_the_derivative_along(node, derivative: float) -> None:
    assert node(Dual(0.3, 2.0)).tangent == pytest.approx(2 * derivative, rel=1e-14)
