"""What an estimator returns: an unbiased gradient with its constant, at the cost it states, of the order it claims."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.checkpointed_backprop import CheckpointedBackprop
from dirgrad.components.estimators.clipped_forward_gradient import ClippedForwardGradient
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.mezo import Mezo
from dirgrad.core import steps, tree
from dirgrad.core.types import Backend, Estimate, Estimator
from support.cases import CASES, DIRECTIONS, Case, estimators, inner, loss_of, placed, random_like

FALSE_ALARM = 1e-6


def dense(found: Estimate) -> dict:
    return {name: found.scale * leaf for name, leaf in tree.materialize(found.vector).items()}


def many(backend: Backend, estimator: Estimator, lanes: int) -> np.ndarray:
    """Estimates of the gradient of the quadratic at its start: (lanes, d)."""
    params, loss = (
        placed(backend, CASES["quadratic"].params()),
        loss_of(backend, CASES["quadratic"]),
    )

    def one(key):
        return dense(
            estimator.estimate(
                backend.ops,
                loss,
                params,
                steps.direction_sampler(backend.ops, estimator, key, params),
            )
        )["x"]

    keys = backend.engine.keys(np.arange(lanes))
    return backend.engine.to_numpy(backend.engine.vmap_trials(one, (), lanes)(keys))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", ["exact", "central"])
@pytest.mark.parametrize("count", [1, 3])
def test_the_estimate_is_unbiased_with_its_constant(
    backend: Backend, direction: str, kind: str, count: int
) -> None:
    law = DIRECTIONS[direction]
    exact = ForwardGradient(direction=law, num_directions=count)
    difference = FiniteDifference(direction=law, scheme="central", eps=1e-3, num_directions=count)
    found = many(backend, exact if kind == "exact" else difference, 20_000)
    case = CASES["quadratic"]
    gradient = case.problem.eigenvalues() * case.params()["x"]
    z = stats.norm.ppf(1 - FALSE_ALARM / (2 * len(gradient)))
    # The bound is at least the rounding of the difference, where a coordinate is drawn in no lane or the same in all.
    assert (
        np.abs(found.mean(axis=0) - gradient) <= z * found.std(axis=0) / np.sqrt(len(found)) + 1e-9
    ).all()
    along = found @ gradient / (gradient @ gradient)
    assert abs(along.mean() - 1) < z * along.std() / np.sqrt(len(found))


def test_k_directions_divide_the_variance_by_k(backend: Backend) -> None:
    one, eight = (
        many(backend, ForwardGradient(direction=DIRECTIONS["rademacher"], num_directions=k), 8_000)
        for k in (1, 8)
    )
    ratio = one.var(axis=0).sum() / eight.var(axis=0).sum()
    # The variance of a variance of d = 20 weakly dependent entries over 8000 draws is below 2 % of it: five of these.
    assert ratio == pytest.approx(8, rel=0.1)


@pytest.mark.parametrize("name", estimators(1e-4))
@pytest.mark.parametrize("problem", ["rosenbrock", "mlp", "rnn"])
def test_the_estimate_lies_along_its_directions_with_their_slopes(
    backend: Backend, name: str, problem: str
) -> None:
    estimator, case = estimators(1e-5)[name], CASES[problem]
    arrays = case.params()
    params, loss = placed(backend, arrays), loss_of(backend, case)
    directions = [random_like(arrays, seed) for seed in range(max(estimator.num_directions, 1))]
    stacked = {key: backend.ops.asarray(np.stack([v[key] for v in directions])) for key in arrays}
    found = estimator.estimate(
        backend.ops, loss, params, lambda j: {key: leaf[j] for key, leaf in stacked.items()}
    )
    estimate = {key: backend.engine.to_numpy(leaf) for key, leaf in dense(found).items()}
    value, grad = backend.ops.value_and_grad(loss)(params)
    gradient = {key: backend.engine.to_numpy(leaf) for key, leaf in grad.items()}
    if name == "backprop":
        expected = gradient
    else:
        slopes = [inner(gradient, v) for v in directions]
        expected = {
            key: sum(s * v[key] for s, v in zip(slopes, directions, strict=True)) / len(slopes)
            for key in arrays
        }
    tolerance = 1e-3 if "forward_difference" in name else 1e-6 if "difference" in name else 1e-11
    scale = np.sqrt(inner(expected, expected))
    for key in arrays:
        np.testing.assert_allclose(estimate[key], expected[key], atol=tolerance * scale * 10)
    assert float(found.loss) == pytest.approx(
        float(value), rel=1e-4 if "difference" in name else 1e-12
    )


@pytest.mark.parametrize(("scheme", "order"), [("forward", 1), ("central", 2)])
@pytest.mark.parametrize("problem", ["rosenbrock", "beale", "logistic_regression"])
def test_differences_converge_at_their_order(
    backend: Backend, scheme: str, order: int, problem: str
) -> None:
    case = CASES[problem]
    arrays = case.params() if case.problem.dataset else {"x": np.array([0.5, -0.3])}
    params, loss = placed(backend, arrays), loss_of(backend, case)
    v = placed(backend, random_like(arrays, seed=5))
    _, exact = backend.ops.jvp(loss, (params,), (v,))

    def error(eps: float) -> float:
        estimator = FiniteDifference(direction=DIRECTIONS["gaussian"], scheme=scheme, eps=eps)
        return abs(
            float(estimator.estimate(backend.ops, loss, params, lambda j: v).scale) - float(exact)
        )

    ratio = np.log2(error(2e-3) / error(1e-3))
    assert ratio == pytest.approx(order, abs=0.05)


@pytest.mark.parametrize("name", estimators(1e-3))
def test_an_estimate_takes_as_many_evaluations_as_it_states(backend: Backend, name: str) -> None:
    estimator, params = estimators(1e-3)[name], placed(backend, CASES["rosenbrock"].params())
    inside = loss_of(backend, CASES["rosenbrock"])
    calls = 0

    def counted(p):
        nonlocal calls
        calls += 1
        return inside(p)

    # Compiled loops trace their body once: with one direction there is none, and more are counted by their rule below.
    if estimator.num_directions <= 1:
        (key,) = backend.engine.keys(np.array([0]))
        estimator.estimate(
            backend.ops,
            counted,
            params,
            steps.direction_sampler(backend.ops, estimator, key, params),
        )
        assert calls == estimator.evaluations
    else:
        single = estimators(1e-3)[name.removesuffix("_k3")]
        assert estimator.evaluations == 3 * single.evaluations


@pytest.mark.parametrize(
    "name", ["forward_gradient", "forward_gradient_k3", "forward_difference", "central_difference"]
)
def test_torch_saves_nothing_for_backward_outside_backprop(name: str) -> None:
    import torch

    from dirgrad import backends

    backend = backends.load("torch", 1, "float64")
    case, saved = CASES["mlp"], 0

    def pack(tensor):
        nonlocal saved
        saved += tensor.numel() * tensor.element_size()
        return tensor

    params, loss = placed(backend, case.params()), loss_of(backend, case)
    (key,) = backend.engine.keys(np.array([0]))
    estimator = estimators(1e-3)[name]
    with torch.no_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        estimator.estimate(
            backend.ops, loss, params, steps.direction_sampler(backend.ops, estimator, key, params)
        )
    assert saved == 0
    required = {key: leaf.detach().requires_grad_() for key, leaf in params.items()}
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss(required)
    assert saved > 0


@pytest.mark.parametrize(("bound", "same"), [(1e6, True), (1e-3, False)])
def test_a_clipped_slope_is_the_slope_within_its_bound(
    backend: Backend, bound: float, same: bool
) -> None:
    case = CASES["rosenbrock"]
    params, loss = placed(backend, case.params()), loss_of(backend, case)
    (key,) = backend.engine.keys(np.array([0]))
    plain, clipped = (
        ForwardGradient(direction=Gaussian()),
        ClippedForwardGradient(direction=Gaussian(), bound=bound),
    )
    free, held = (
        one.estimate(
            backend.ops, loss, params, steps.direction_sampler(backend.ops, one, key, params)
        )
        for one in (plain, clipped)
    )
    assert float(held.loss) == float(free.loss)
    assert float(held.scale) == (
        float(free.scale) if same else pytest.approx(np.sign(float(free.scale)) * bound)
    )


@pytest.mark.parametrize("segment", [1, 2, 5])
def test_checkpointing_changes_what_is_remembered_and_not_the_gradient(
    backend: Backend, segment: int
) -> None:
    """Of three hidden layers: every one, two and one, all of them a segment. In lanes too."""
    deep = Case(replace(CASES["mlp"].problem, hidden=(5,), repeat=3), 6)
    params, loss = placed(backend, deep.params()), loss_of(backend, deep)
    found = []
    for estimator in (Backprop(), CheckpointedBackprop(segment=segment)):

        def gradient(scale, params, estimator=estimator):
            return estimator.estimate(
                backend.ops, loss, {name: scale * leaf for name, leaf in params.items()}, None
            ).vector

        made = backend.engine.vmap_trials(gradient, (1,), 2)(
            backend.ops.asarray(np.array([1.0, 0.5])), params
        )
        found.append({name: backend.engine.to_numpy(leaf) for name, leaf in made.items()})
    for name, leaf in found[0].items():
        assert np.abs(leaf).max() > 0
        np.testing.assert_allclose(found[1][name], leaf, rtol=1e-10, atol=1e-14)


def test_mezo_is_the_central_difference_and_comes_back_to_where_it_was(backend: Backend) -> None:
    params, loss = placed(backend, CASES["mlp"].params()), loss_of(backend, CASES["mlp"])
    law, ops = DIRECTIONS["replayed_rademacher"], backend.ops
    walked, central = (
        Mezo(direction=law, eps=1e-4),
        FiniteDifference(direction=law, scheme="central", eps=1e-4),
    )
    source = steps.direction_sampler(ops, walked, backend.engine.keys(np.array([0]))[0], params)
    one, other = (estimator.estimate(ops, loss, params, source) for estimator in (walked, central))
    assert float(one.scale) == pytest.approx(float(other.scale), rel=1e-9)
    assert float(one.loss) == pytest.approx(float(other.loss), rel=1e-12)
    assert one.params is not None
    for name, leaf in params.items():
        np.testing.assert_allclose(
            backend.engine.to_numpy(one.params[name]),
            backend.engine.to_numpy(leaf),
            rtol=1e-12,
            atol=1e-15,
        )
        np.testing.assert_array_equal(backend.engine.to_numpy(dense(one)[name]) != 0, True)
