"""A loss along a structured direction equals the loss along the direction's arrays."""

import pytest

from dirgrad.core import perturbation, tree
from dirgrad.core.types import Backend
from support.cases import CASES, compiled, loss_of
from support.structured_directions import params_and_direction

LAWS = ("low_rank", "block_shared", "replayed_rademacher", "replayed_rank_one")
PROBLEMS = (
    "logistic_regression",
    "mlp",
    "cnn_same",
    "cnn_valid",
    "rnn",
    "rnn_copy",
    "rnn_pixels",
    "rosenbrock",
)
RANK_ONE_PAIRS = [(problem, "rank_one") for problem in PROBLEMS]
OTHER_PAIRS = [(problem, law) for law in LAWS for problem in ("mlp", "cnn_same", "rnn_copy")]
PAIRS = RANK_ONE_PAIRS + OTHER_PAIRS


@pytest.mark.parametrize(("problem", "law"), PAIRS)
def test_the_directional_derivative_equals_the_jvp_along_the_arrays(
    backend: Backend, problem: str, law: str
) -> None:
    params, v = params_and_direction(backend, problem, law)
    # The parameters of Rosenbrock's function are a vector, which has no factors.
    assert any(map(perturbation.is_structured, v.values())) == (problem != "rosenbrock")
    loss = loss_of(backend, CASES[problem])
    differentiate = compiled(
        backend, lambda params: perturbation.directional_derivative(backend.ops, loss, params, v)
    )
    value, slope = differentiate(params)
    expected_value, expected_slope = backend.ops.jvp(loss, (params,), (tree.materialize(v),))
    assert float(value) == pytest.approx(float(expected_value), rel=1e-12)
    assert float(slope) == pytest.approx(float(expected_slope), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("problem", "law"), PAIRS)
def test_the_loss_at_perturbed_weights_equals_the_loss_at_the_moved_arrays(
    backend: Backend, problem: str, law: str
) -> None:
    params, v = params_and_direction(backend, problem, law)
    loss = loss_of(backend, CASES[problem])
    expected = loss(tree.axpy(backend.ops, 0.3, tree.materialize(v), params))
    perturbed_loss = compiled(
        backend, lambda params: loss(perturbation.perturb(backend.ops, params, v, 0.3))
    )
    assert float(perturbed_loss(params)) == pytest.approx(float(expected), rel=1e-10)
