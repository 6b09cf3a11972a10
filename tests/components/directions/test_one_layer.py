"""Directions on one layer: their layers, probabilities and noise, and the work that they save."""

from typing import Any

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components import registry
from dirgrad.components.directions.one_layer import OneLayer
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import group_noise, steps, tree
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Backend, Estimate, Params, Trial
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost, quality
from support.cases import (
    CASES,
    compiled,
    inner,
    loss_of,
    placed,
    placed_batch,
    random_like,
    to_numpy,
)
from support.confidence import z_bound
from support.measured import MLP, measurement_with_estimators

SIZES = np.array([785.0, 20.0, 111.0])
SHARES = np.array([0.2, 0.5, 0.3])


def shapes(problem: str) -> dict[str, tuple[int, ...]]:
    return {name: leaf.shape for name, leaf in CASES[problem].params().items()}


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (OneLayer(), [1 / 3, 1 / 3, 1 / 3]),
        (OneLayer(probabilities="size"), [780 / 1066, 156 / 1066, 130 / 1066]),
        (OneLayer(probabilities=(1.0, 2.0, 1.0)), [0.25, 0.5, 0.25]),
        (OneLayer(blocks=2), [0.5, 0.5]),
        (OneLayer(probabilities="size", blocks=2), [780 / 1066, 286 / 1066]),
    ],
)
def test_a_layer_has_the_probability_of_the_options(law: OneLayer, expected: list[float]) -> None:
    probabilities = [group.probability for group in law.groups(shapes("mlp"))]
    assert probabilities == pytest.approx(expected, abs=2**-30)
    assert sum(probabilities) == 1


@pytest.mark.parametrize(
    ("problem", "law", "sentence"),
    [
        (
            "logistic_regression",
            OneLayer(),
            "need at least two layers, and the parameters bias_0, weight_0 form a single one: "
            "use the law `rank_one`",
        ),
        ("rosenbrock", OneLayer(), "the parameters x form a single one"),
        ("mlp", OneLayer(blocks=1), "need at least two layers"),
        (
            "mlp",
            OneLayer(probabilities=(1.0, 2.0)),
            "has 2 numbers for 3 layers or blocks: give 3, or `uniform` or `size`",
        ),
        ("mlp", OneLayer(probabilities=(1.0, 1.0, 1e-10)), "a probability below 2^-31"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_with_a_sentence(
    backend: Backend, problem: str, law: OneLayer, sentence: str
) -> None:
    (key,) = backend.engine.keys(np.array([0]))
    params = placed(backend, CASES[problem].params())
    with pytest.raises(NotImplementedError) as refusal:
        law.draw(backend.ops, key, params)
    assert sentence in str(refusal.value)


def test_each_layer_is_chosen_with_its_probability_and_no_other_moves(backend: Backend) -> None:
    law, draws = OneLayer(probabilities=(1.0, 2.0, 5.0)), 4000
    params = placed(backend, CASES["mlp"].params())

    def squares(key: Any) -> Params:
        v = tree.materialize(law.draw(backend.ops, key, params))
        return {name: backend.ops.mean(leaf * leaf) for name, leaf in v.items()}

    keys = backend.engine.keys(np.arange(draws))
    by_name = to_numpy(backend, backend.engine.vmap_trials(squares, (), draws)(keys))
    for i, probability in enumerate([1 / 8, 2 / 8, 5 / 8]):
        weight, bias = by_name[f"weight_{i}"], by_name[f"bias_{i}"]
        np.testing.assert_allclose(weight, bias, rtol=1e-12)
        # Signs divided by sqrt(p) have the mean square 1/p.
        assert set(weight.round(9)) == {0.0, round(1 / probability, 9)}
        deviation = np.sqrt(probability * (1 - probability) / draws)
        assert abs((weight > 0).mean() - probability) < z_bound(3) * deviation
    moving = sum(by_name[f"weight_{i}"] > 0 for i in range(3))
    assert (moving == 1).all()


def test_the_best_probabilities_have_the_least_error_and_beat_signs_in_all_layers() -> None:
    best = group_noise.best_probabilities(SIZES, SHARES)
    least = group_noise.relative_error(SIZES, SHARES, best)
    assert least == pytest.approx(np.sqrt(SIZES * SHARES).sum() ** 2 - 1)
    assert least < SIZES.sum() - 1
    rng = np.random.default_rng(0)
    for other in rng.dirichlet(np.ones(3), 200):
        assert group_noise.relative_error(SIZES, SHARES, other) > least


def test_probabilities_proportional_to_the_size_have_the_error_of_signs() -> None:
    error = group_noise.relative_error(SIZES, SHARES, SIZES / SIZES.sum())
    assert error == pytest.approx(SIZES.sum() - 1)
    arrays = [GradientShare(shape, 1 / 6, name) for name, shape in shapes("mlp").items()]
    assert OneLayer(probabilities="size").excess(arrays) == pytest.approx(-1, abs=1e-5)


def test_more_outer_products_divide_the_fourth_cumulants_of_the_curvature_noise() -> None:
    """The value for r products lies on the line in 1/r through the values for r = 1 and r = 2."""
    rng, sizes = np.random.default_rng(0), {"weight_0": (6, 4), "weight_1": (4, 3)}
    gradient = tuple(rng.standard_normal(shape) for shape in sizes.values())
    factor = rng.standard_normal((5, 36)) + 1.0
    curvature = Curvature(gradient, factor.T @ factor, tuple(sizes))
    first, second, fourth = (OneLayer(rank=r).curvature_noise(curvature) for r in (1, 2, 4))
    assert fourth < second < first
    assert fourth == pytest.approx(second - (first - second) / 2)


def test_equal_layers_with_equal_probabilities_have_the_error_of_signs() -> None:
    error = group_noise.relative_error(
        np.full(4, 25.0), np.array([0.1, 0.2, 0.3, 0.4]), np.full(4, 0.25)
    )
    assert error == pytest.approx(100 - 1)


def direction_on(backend: Backend, params: dict[str, np.ndarray], layer: Any) -> Params:
    """Return a fixed direction on one layer, which is the same in both frameworks."""
    ops, law = backend.ops, OneLayer()
    groups = law.groups({name: leaf.shape for name, leaf in params.items()})
    like = ops.asarray(np.zeros(1))
    choice = tree.Choice(layer, ops.one_hot(layer, len(groups), like), len(groups))
    numbers = random_like(params, seed=3)
    direction: Params = {}
    for i, group in enumerate(groups):
        for name in group.names:
            leaf = numbers[name]
            value: Any = ops.asarray(leaf)
            if leaf.ndim > 1:
                left, right = leaf.reshape(len(leaf), -1)[:, 0], leaf[0]
                value = tree.OuterProduct(ops.asarray(left.copy()), ops.asarray(right.copy()))
            direction[name] = tree.ChosenArray(value, i, choice)
    return {name: direction[name] for name in params}


@pytest.mark.parametrize(("problem", "num_layers"), [("mlp", 3), ("cnn_same", 6), ("rnn", 3)])
def test_both_frameworks_have_the_slopes_and_steps_of_the_gradient(
    both: tuple[Backend, Backend], problem: str, num_layers: int
) -> None:
    """Both take the same steps of SGD, one on each layer, within 1e-9 in float64."""
    case, paths = CASES[problem], []
    for backend in both:
        ops = backend.ops
        rate, loss = ops.asarray(np.array(0.01)), loss_of(backend, case)
        estimator = ForwardGradient(direction=OneLayer())

        def take_step(
            params: Params,
            layer: Any,
            backend: Backend = backend,
            rate: Any = rate,
            loss: Any = loss,
            estimator: ForwardGradient = estimator,
        ) -> tuple[Params, Any, Params]:
            v = direction_on(backend, case.params(), layer)
            estimate = estimator.estimate(backend.ops, loss, params, lambda _: v)
            result, _ = Sgd().update(backend.ops, params, estimate, (), rate)
            return result, estimate.scale, tree.materialize(v)

        def gradient_at(params: Params, backend: Backend = backend, loss: Any = loss) -> Params:
            return Backprop().estimate(backend.ops, loss, params, lambda _: {}).vector

        step, differentiate = compiled(backend, take_step), compiled(backend, gradient_at)
        params = placed(backend, case.params())
        for layer in range(num_layers):
            gradient = differentiate(params)
            moved, slope, v = step(params, ops.arange(num_layers)[layer])
            expected = inner(to_numpy(backend, gradient), to_numpy(backend, v))
            assert float(slope) == pytest.approx(expected, rel=1e-9, abs=1e-12)
            before, after = to_numpy(backend, params), to_numpy(backend, moved)
            names = OneLayer().groups(shapes(problem))[layer].names
            changed = {name for name in before if not np.array_equal(before[name], after[name])}
            assert changed == set(names)
            params = moved
        paths.append(to_numpy(backend, params))
    for name, leaf in paths[0].items():
        assert np.linalg.norm(leaf - paths[1][name]) <= 1e-9 * np.linalg.norm(leaf)


@pytest.mark.parametrize("rule", ["sgd", "momentum", "adam"])
def test_an_update_on_one_layer_equals_the_update_along_its_arrays(
    backend: Backend, rule: str
) -> None:
    ops, optimizer = backend.ops, registry.parse("optimizers", rule)
    initial = placed(backend, CASES["mlp"].params())
    slope, rate = (ops.asarray(np.array(number)) for number in (-1.7, 0.1))

    def update_twice(vectors: list[Params]) -> dict[str, np.ndarray]:
        params, state = initial, optimizer.init(ops, initial)
        for vector in vectors:
            estimate = Estimate(slope, slope, vector)
            params, state = optimizer.update(ops, params, estimate, state, rate)
        return to_numpy(backend, params)

    layers = ops.arange(3)
    chosen = [direction_on(backend, CASES["mlp"].params(), layers[i]) for i in (0, 2)]
    by_choice, by_arrays = update_twice(chosen), update_twice(list(map(tree.materialize, chosen)))
    for name, leaf in by_choice.items():
        np.testing.assert_allclose(leaf, by_arrays[name], rtol=1e-12, atol=1e-15)


def test_a_compiled_step_takes_the_layer_that_its_index_draws(backend: Backend) -> None:
    """Steps with different indices draw different layers, and one program takes all of them."""
    case, estimator, ops = CASES["mlp"], ForwardGradient(direction=OneLayer()), backend.ops
    # JAX sorts dictionaries when it compiles.
    params = dict(sorted(placed(backend, case.params()).items()))
    loss = loss_of(backend, case)
    gradient = to_numpy(backend, Backprop().estimate(ops, loss, params, lambda _: {}).vector)
    step = steps.make_step(ops, case.problem, estimator, Sgd(), 0.0)
    state = steps.initial_state(ops, estimator, Sgd(), params)
    trial = Trial(backend.engine.keys(np.array([0]))[0], ops.asarray(np.array(0.1)))
    batch = placed_batch(backend, case.batch())
    program = backend.engine.compile(step, (state, trial, ops.arange(1)[0], batch))
    layers = set()
    for index in ops.arange(8):
        result, value = program.call(state, trial, index, batch)
        assert float(value) == pytest.approx(float(loss(params)), rel=1e-12)
        key = ops.fold_in(trial.key, index)
        v = to_numpy(backend, steps.direction_sampler(ops, estimator, key, params)(0))
        slope = inner(gradient, v)
        for name, leaf in to_numpy(backend, result.params).items():
            expected = to_numpy(backend, params)[name] - 0.1 * slope * v[name]
            np.testing.assert_allclose(leaf, expected, rtol=1e-9, atol=1e-12)
        layers.add(tuple(name for name in v if v[name].any()))
    assert len(layers) == 3


def test_lanes_take_the_same_steps_as_single_trials(backend: Backend) -> None:
    case, estimator, ops = CASES["mlp"], ForwardGradient(direction=OneLayer()), backend.ops
    params = dict(sorted(placed(backend, case.params()).items()))
    batch = placed_batch(backend, case.batch())
    step = steps.make_step(ops, case.problem, estimator, Sgd(), 0.0)
    keys, rates = backend.engine.keys(np.arange(4)), ops.asarray(np.full(4, 0.1))

    def final(key: Any, rate: Any) -> Params:
        state = steps.initial_state(ops, estimator, Sgd(), params)
        state, _ = step(state, Trial(key, rate), ops.arange(1)[0], batch)
        return state.params

    in_lanes = to_numpy(backend, backend.engine.vmap_trials(final, (), 4)(keys, rates))
    single = backend.engine.vmap_trials(final, (), 1)
    for lane in range(4):
        alone = to_numpy(backend, single(keys[lane : lane + 1], rates[lane : lane + 1]))
        for name, leaf in alone.items():
            np.testing.assert_allclose(in_lanes[name][lane], leaf[0], rtol=1e-9, atol=1e-12)


def test_the_products_are_those_of_the_loss_and_of_the_layers_behind() -> None:
    """The counts for the MLP of Baydin et al. 2022 are exact in PyTorch."""
    backend = backends.load("torch", 1, "float32")
    mlp = {"kind": "mlp", "dataset": {"kind": "digits", "side": 28}, "hidden": [1024, 1024]}
    estimators = {
        "one_layer": {"kind": "forward_gradient", "direction": "one_layer"},
        "rank_one": {"kind": "forward_gradient", "direction": "rank_one"},
    }
    options = {"rounds": 1, "round_seconds": 1e-4}
    job = measurement_with_estimators(backend, "cost", {"mlp": mlp}, estimators, **options)
    rows = cost.run(job, Context(backend))["cost"].to_pandas()
    first, second, third = 784 * 1024, 1024 * 1024, 1024 * 10
    loss = first + second + third
    # The tangent passes the layers behind the chosen one.
    behind = [second + third, third, 0]
    expected = {
        "one_layer": 1 + sum(behind) / (3 * loss),
        "rank_one": 1 + behind[0] / loss,
    }
    forward = rows.loc[rows["part"] == "forward", "product_flops"].iloc[0]
    steps_of = rows[rows["part"] == "step"].set_index("estimator")
    for name, products in expected.items():
        assert steps_of.loc[name, "product_flops"] / forward == pytest.approx(products, rel=1e-9)
        assert steps_of.loc[name, "flop_bound_over_forward"] == pytest.approx(products, rel=1e-9)
    assert {name: round(products, 2) for name, products in expected.items()} == {
        "one_layer": 1.19,
        "rank_one": 1.57,
    }


def test_a_problem_of_one_layer_is_a_row_with_the_reason(backend: Backend) -> None:
    problems = {
        "mlp": MLP,
        "logistic_regression": {"kind": "logistic_regression", "dataset": "digits"},
    }
    estimators = {"one_layer": {"kind": "forward_gradient", "direction": "one_layer"}}
    job = measurement_with_estimators(
        backend, "quality", problems, estimators, draws=2, after_steps=[0]
    )
    rows = quality.run(job, Context(backend))["draws"].to_pandas().set_index("problem")
    assert set(rows.loc["mlp", "status"]) == {"ok"}
    assert rows.loc["logistic_regression", "status"] == "unsupported"
    assert "need at least two layers" in rows.loc["logistic_regression", "reason"]
