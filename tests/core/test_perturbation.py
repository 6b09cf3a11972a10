"""Directions that are outer products do all that the same directions do when they are formed, and form nothing."""

import numpy as np
import pytest

from dirgrad.components import registry
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.projected_forward_gradient import ProjectedForwardGradient
from dirgrad.core import perturbation, steps, tree
from dirgrad.core.types import Backend, Estimate
from support.cases import CASES, DIRECTIONS, compiled, loss_of, placed

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


PLACES = [(name, "rank_one") for name in PROBLEMS] + [
    (name, law) for law in LAWS for name in ("mlp", "cnn_same", "rnn_copy")
]


def drawn(backend: Backend, name: str, law: str = "rank_one", seed: int = 0):
    params = placed(backend, CASES[name].params())
    return params, DIRECTIONS[law].draw(
        backend.ops, backend.engine.keys(np.array([seed]))[0], params
    )


def arrays(backend: Backend, x) -> dict[str, np.ndarray]:
    return {name: backend.engine.to_numpy(leaf) for name, leaf in tree.materialize(x).items()}


@pytest.mark.parametrize(("name", "law"), PLACES)
def test_the_derivative_along_factors_is_the_jvp_along_what_they_make(
    backend: Backend, name: str, law: str
) -> None:
    params, v = drawn(backend, name, law)
    assert any(map(perturbation.is_structured, v.values())) == (name != "rosenbrock")
    loss = loss_of(backend, CASES[name])
    value, slope = compiled(
        backend, lambda params: perturbation.directional_derivative(backend.ops, loss, params, v)
    )(params)
    expected = backend.ops.jvp(loss, (params,), (tree.materialize(v),))
    assert float(value) == pytest.approx(float(expected[0]), rel=1e-12)
    assert float(slope) == pytest.approx(float(expected[1]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("name", "law"), PLACES)
def test_the_loss_along_a_ray_is_that_at_its_point(backend: Backend, name: str, law: str) -> None:
    params, v = drawn(backend, name, law)
    loss = loss_of(backend, CASES[name])
    there = loss(tree.axpy(backend.ops, 0.3, tree.materialize(v), params))
    moved = compiled(
        backend, lambda params: loss(perturbation.perturb(backend.ops, params, v, 0.3))
    )
    assert float(moved(params)) == pytest.approx(float(there), rel=1e-10)


@pytest.mark.parametrize(
    "estimator",
    [
        ForwardGradient(direction=RankOne()),
        FiniteDifference(direction=RankOne(), scheme="central", eps=1e-5),
    ],
)
def test_estimates_in_lanes_are_those_one_by_one(backend: Backend, estimator) -> None:
    # In the order to which JAX sorts when it compiles, since a direction is drawn leaf by leaf.
    params = dict(sorted(placed(backend, CASES["mlp"].params()).items()))
    loss, ops = loss_of(backend, CASES["mlp"]), backend.ops

    def one(key, scale, params):
        scaled = {name: scale * leaf for name, leaf in params.items()}
        found = estimator.estimate(
            ops, loss, scaled, steps.direction_sampler(ops, estimator, key, scaled)
        )
        return tree.materialize(tree.scale(found.scale, found.vector))

    keys, scales = backend.engine.keys(np.arange(3)), ops.asarray(np.array([1.0, 0.5, 2.0]))
    together = arrays(backend, backend.engine.vmap_trials(one, (2,), 3)(keys, scales, params))
    for lane in range(3):
        alone = arrays(backend, one(keys[lane], scales[lane], params))
        for name, leaf in alone.items():
            np.testing.assert_allclose(together[name][lane], leaf, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("law", ["rank_one", "low_rank", "replayed_rademacher"])
@pytest.mark.parametrize(
    "rule", ["sgd", "momentum", "adam", {"kind": "hard_thresholding", "keep": 50}]
)
def test_an_update_by_factors_is_the_update_by_what_they_make(
    backend: Backend, rule: str, law: str
) -> None:
    params, v = drawn(backend, "mlp", law)
    ops, optimizer = backend.ops, registry.parse("optimizers", rule)
    slope, rate = (ops.asarray(np.array(number)) for number in (-1.7, 0.1))
    for_all = []
    for vector in (v, tree.materialize(v)):
        at, memory = params, optimizer.init(ops, params)
        for _ in range(2):
            at, memory = optimizer.update(ops, at, Estimate(slope, slope, vector), memory, rate)
        for_all.append(arrays(backend, at))
    for name, leaf in for_all[0].items():
        np.testing.assert_allclose(leaf, for_all[1][name], rtol=1e-12)
        assert not np.array_equal(leaf, backend.engine.to_numpy(params[name]))


@pytest.mark.parametrize("law", ["rank_one", "low_rank", "rademacher"])
@pytest.mark.parametrize("scale", ["projection", "unbiased"])
def test_the_projection_is_on_the_span_of_its_directions(
    backend: Backend, law: str, scale: str
) -> None:
    params = dict(sorted(placed(backend, CASES["mlp"].params()).items()))
    loss, ops = loss_of(backend, CASES["mlp"]), backend.ops
    estimator = ProjectedForwardGradient(direction=DIRECTIONS[law], num_directions=4, scale=scale)
    source = steps.direction_sampler(ops, estimator, backend.engine.keys(np.array([0]))[0], params)
    found = compiled(backend, lambda params: estimator.estimate(ops, loss, params, source).vector)(
        params
    )
    span = np.stack(
        [
            np.concatenate([x.ravel() for x in arrays(backend, source(j)).values()])
            for j in range(4)
        ],
        axis=1,
    )
    gradient = np.concatenate(
        [
            x.ravel()
            for x in arrays(backend, Backprop().estimate(ops, loss, params, source).vector).values()
        ]
    )
    projection = span @ np.linalg.lstsq(span, gradient)[0]
    flat = np.concatenate(
        [x.ravel() for x in arrays(backend, {name: found[name] for name in params}).values()]
    )
    np.testing.assert_allclose(flat, projection, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("law", ["rank_one", "low_rank", "replayed_rademacher"])
def test_k_estimates_are_the_mean_of_k(backend: Backend, law: str) -> None:
    params, loss, ops = (
        placed(backend, CASES["mlp"].params()),
        loss_of(backend, CASES["mlp"]),
        backend.ops,
    )
    one, three = (ForwardGradient(direction=DIRECTIONS[law], num_directions=k) for k in (1, 3))
    source = steps.direction_sampler(ops, three, backend.engine.keys(np.array([0]))[0], params)
    found = three.estimate(ops, loss, params, source)
    each = [
        one.estimate(ops, loss, params, lambda _, j=j: source(ops.arange(3)[j])) for j in range(3)
    ]
    parts = [arrays(backend, tree.scale(single.scale, single.vector)) for single in each]
    for name, leaf in arrays(backend, tree.scale(found.scale, found.vector)).items():
        np.testing.assert_allclose(
            leaf, sum(part[name] for part in parts) / 3, rtol=1e-9, atol=1e-12
        )
