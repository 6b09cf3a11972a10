"""Every problem, in both frameworks: the derivatives agree with each other and with differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad import backends
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.datasets.mnist import Mnist
from dirgrad.components.problems.jax_tutorial import JaxTutorial
from dirgrad.components.problems.mlp import Mlp
from dirgrad.components.problems.sparse_regression import SparseRegression
from dirgrad.core import criterion
from dirgrad.core.criterion import CROSS_ENTROPY, CROSS_ENTROPY_OVER_CLASSES
from dirgrad.core.types import Backend
from support.cases import CASES, compiled, inner, loss_of, placed, random_like

CLASSIFIERS = (CROSS_ENTROPY, CROSS_ENTROPY_OVER_CLASSES)


def gradient(backend: Backend, name: str) -> tuple[float, dict[str, np.ndarray]]:
    value, grad = compiled(backend, backend.ops.value_and_grad(loss_of(backend, CASES[name])))(
        placed(backend, CASES[name].params())
    )
    return float(value), {key: backend.engine.to_numpy(leaf) for key, leaf in grad.items()}


def jvp(backend: Backend, name: str) -> Callable[..., Any]:
    loss = loss_of(backend, CASES[name])
    return compiled(backend, lambda params, tangent: backend.ops.jvp(loss, (params,), (tangent,)))


@pytest.mark.parametrize("name", CASES)
def test_the_slope_is_the_gradient_along_the_tangent(backend: Backend, name: str) -> None:
    params = CASES[name].params()
    tangent = random_like(params, seed=2)
    value, slope = jvp(backend, name)(placed(backend, params), placed(backend, tangent))
    loss, grad = gradient(backend, name)
    scale = np.sqrt(inner(grad, grad) * inner(tangent, tangent))
    assert float(value) == pytest.approx(loss, rel=1e-12)
    assert float(slope) == pytest.approx(inner(grad, tangent), abs=1e-12 * scale)


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_that_of_central_differences(backend: Backend, name: str) -> None:
    params, loss = CASES[name].params(), compiled(backend, loss_of(backend, CASES[name]))
    tangent, step = random_like(params, seed=3), 1e-5

    def at(sign: int) -> float:
        return float(
            loss(placed(backend, {key: params[key] + sign * step * tangent[key] for key in params}))
        )

    _, grad = gradient(backend, name)
    scale = np.sqrt(inner(grad, grad) * inner(tangent, tangent))
    assert (at(1) - at(-1)) / (2 * step) == pytest.approx(inner(grad, tangent), abs=1e-5 * scale)


# Six decimals: a product of factors near the smallest number would underflow, and no law holds there.
FACTORS = st.floats(-10, 10).map(lambda x: round(x, 6))


@pytest.mark.parametrize("name", ["rosenbrock_chain", "mlp"])
@pytest.mark.parametrize("framework", backends.NAMES)
@settings(max_examples=8, deadline=None)
@given(a=FACTORS, b=FACTORS, seed=st.integers(0, 1000))
def test_the_jvp_is_linear_in_the_tangent(
    framework: str, name: str, a: float, b: float, seed: int
) -> None:
    backend = backends.load(framework, 1, "float64")
    params, along = CASES[name].params(), jvp(backend, name)
    u, v = random_like(params, seed), random_like(params, seed + 1)

    def slope(tangent: dict[str, np.ndarray]) -> float:
        return float(along(placed(backend, params), placed(backend, tangent))[1])

    expected = a * slope(u) + b * slope(v)
    _, grad = gradient(backend, name)
    scale = np.sqrt(inner(grad, grad) * (inner(u, u) * a * a + inner(v, v) * b * b)) + 1e-300
    assert slope({key: a * u[key] + b * v[key] for key in params}) == pytest.approx(
        expected, abs=1e-12 * scale
    )


def test_the_gradient_of_the_quadratic_is_known(backend: Backend) -> None:
    case = CASES["quadratic"]
    _, grad = gradient(backend, "quadratic")
    np.testing.assert_allclose(
        grad["x"], case.problem.eigenvalues() * case.params()["x"], rtol=1e-14
    )


def test_the_gradient_of_beale_at_the_papers_point_is_known(backend: Backend) -> None:
    point = {"x": backend.ops.asarray(np.array([1.5, -0.1]))}
    _, grad = backend.ops.value_and_grad(loss_of(backend, CASES["beale"]))(point)
    np.testing.assert_allclose(
        backend.engine.to_numpy(grad["x"]), [-3.433947, -0.807885], atol=5e-7
    )


@pytest.mark.parametrize(
    ("name", "minimum"),
    [("beale", [3.0, 0.5]), ("rosenbrock", [1.0, 1.0]), ("rosenbrock_chain", [1.0] * 10)],
)
def test_test_functions_vanish_at_their_minimum(
    backend: Backend, name: str, minimum: list[float]
) -> None:
    assert float(
        loss_of(backend, CASES[name])({"x": backend.ops.asarray(np.array(minimum))})
    ) == pytest.approx(0.0, abs=1e-28)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("logistic_regression", 64 * 10 + 10),
        ("mlp", 64 * 12 + 12 + 12 * 12 + 12 + 12 * 10 + 10),
        ("rnn", 8 * 6 + 6 + 36 + 6 + 60 + 10),
    ],
)
def test_networks_have_their_number_of_parameters(name: str, count: int) -> None:
    assert sum(leaf.size for leaf in CASES[name].params().values()) == count


@pytest.mark.parametrize(("padding", "count"), [("same", 3_333_962), ("valid", 1_171_274)])
def test_the_papers_cnn_has_as_many_parameters_as_its_reimplementations(
    padding: str, count: int
) -> None:
    from dirgrad.components.datasets.mnist import Mnist
    from dirgrad.components.problems.cnn import Cnn

    params = Cnn(dataset=Mnist(), padding=padding).init(np.random.default_rng(0))
    assert sum(leaf.size for leaf in params.values()) == count


def test_the_papers_mlp_has_as_many_parameters_as_computed_by_hand() -> None:
    from dirgrad.components.datasets.mnist import Mnist
    from dirgrad.components.problems.mlp import Mlp

    assert (
        sum(leaf.size for leaf in Mlp(dataset=Mnist()).init(np.random.default_rng(0)).values())
        == 1_863_690
    )


@pytest.mark.parametrize(
    "name", [name for name in CASES if CASES[name].problem.criterion in CLASSIFIERS]
)
def test_accuracy_is_the_share_of_right_answers(backend: Backend, name: str) -> None:
    case = CASES[name]
    images, labels = (backend.ops.asarray(array) for array in case.batch())
    params, asked = placed(backend, case.params()), case.batch()[1].reshape(-1)
    logits = backend.engine.to_numpy(case.problem.outputs(backend.ops, params, (images, labels)))
    found = criterion.metrics(case.problem, backend.ops, params, (images, labels))
    assert float(found["accuracy"]) == pytest.approx(np.mean(logits.argmax(axis=1) == asked))
    shifted = logits - logits.max(axis=1, keepdims=True)
    entropy = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(logits)), asked]
    assert float(found["loss"]) == pytest.approx(entropy.mean(), rel=1e-12)


def test_the_tutorials_loss_is_a_tenth_of_the_usual_and_what_is_reported_is_the_usual(
    backend: Backend,
) -> None:
    usual, tutorial = (
        JaxTutorial(dataset=Digits(), hidden=(5,), loss_mean_over=over)
        for over in ("batch", "batch_and_classes")
    )
    params = placed(backend, usual.init(np.random.default_rng(0)))
    batch = tuple(backend.ops.asarray(array) for array in CASES["mlp"].batch())
    losses = [float(criterion.loss(one, backend.ops, params, batch)) for one in (usual, tutorial)]
    assert losses[1] == pytest.approx(losses[0] / 10)
    told = [
        float(criterion.metrics(one, backend.ops, params, batch)["loss"])
        for one in (usual, tutorial)
    ]
    assert told == pytest.approx([losses[0]] * 2)


def test_the_tutorial_begins_with_small_normal_weights_and_biases() -> None:
    params = JaxTutorial(dataset=Mnist(), hidden=(512, 512)).init(np.random.default_rng(0))
    assert sum(leaf.size for leaf in params.values()) == 669_706
    for leaf in params.values():
        assert leaf.std() == pytest.approx(0.01, rel=5 / np.sqrt(leaf.size))


def test_hidden_layers_are_repeated() -> None:
    deep, listed = (
        Mlp(dataset=Digits(), hidden=(6, 5), repeat=2),
        Mlp(dataset=Digits(), hidden=(6, 5, 6, 5)),
    )
    shapes = [
        {name: leaf.shape for name, leaf in one.init(np.random.default_rng(0)).items()}
        for one in (deep, listed)
    ]
    assert shapes[0] == shapes[1]


def test_the_expected_loss_of_a_sparse_regression_is_the_mean_over_many_examples(
    backend: Backend,
) -> None:
    many, all_of_them = (
        SparseRegression(dimension=6, nonzeros=3, examples=n, noise=0.5, condition=4.0)
        for n in (200_000, None)
    )
    params = placed(backend, {"x": np.linspace(-1.0, 1.0, 6)})
    sample, expected = (
        float(criterion.loss(one, backend.ops, params, ())) for one in (many, all_of_them)
    )
    assert sample == pytest.approx(expected, rel=0.02)
    told = criterion.metrics(many, backend.ops, params, ())
    assert (float(told["loss"]), float(told["valid_loss"])) == pytest.approx((sample, expected))
    assert "valid_loss" not in criterion.metrics(all_of_them, backend.ops, params, ())


def test_at_its_truth_a_sparse_regression_is_left_with_the_noise_and_has_its_support(
    backend: Backend,
) -> None:
    problem = SparseRegression(dimension=30, nonzeros=4, noise=0.5, condition=9.0)
    truth = problem.truth()
    assert ((truth != 0).sum(), np.linalg.norm(truth)) == (4, pytest.approx(1.0))
    told = criterion.metrics(problem, backend.ops, placed(backend, {"x": truth}), ())
    assert (float(told["loss"]), float(told["support_recovered"])) == pytest.approx((0.125, 1.0))
    half = np.where(np.cumsum(truth != 0) <= 2, truth, 0.0) + np.where(
        np.arange(30) == 2, 1e-3, 0.0
    )
    for x, share in ((half, 0.5), (np.zeros(30), 0.0), (np.ones(30), 0.25)):
        found = criterion.metrics(problem, backend.ops, placed(backend, {"x": x}), ())[
            "support_recovered"
        ]
        assert float(found) == pytest.approx(share)
