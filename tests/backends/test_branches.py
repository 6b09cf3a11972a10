"""Branches that depend on a random index: their values, their choice and their cost."""

from typing import Any

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.backends.torch import tracing
from dirgrad.core.types import Array, Backend
from support.confidence import z_bound

LIMITS = np.array([1, 4])
"""First integers of the second and the third of three branches, which have 1, 3 and 4 of 8."""
X = np.linspace(-1.0, 1.0, 4)
WEIGHT = np.arange(16.0).reshape(4, 4)


def value(ops: Any, key: Any, x: Array, weight: Array) -> tuple[Array, Array]:
    """Return x times the chosen power of the weight, and x with 10 added for the second branch."""
    index = ops.choose(key, LIMITS, 8)
    branches = [lambda: x, lambda: x @ weight, lambda: x @ weight @ weight]
    return ops.switch(index, branches), ops.apply_if(index, 1, lambda a, y: y + a, 10.0, x)


def expected(index: int) -> tuple[np.ndarray, np.ndarray]:
    return X @ np.linalg.matrix_power(WEIGHT, index), X + 10.0 * (index == 1)


@pytest.mark.parametrize("how", ["eager", "compiled", "lanes"])
def test_every_index_has_its_branch_and_its_update(backend: Backend, how: str) -> None:
    ops, num_keys = backend.ops, 12
    keys = backend.engine.keys(np.arange(num_keys))
    x, weight = ops.asarray(X), ops.asarray(WEIGHT)
    indices = [int(ops.choose(key, LIMITS, 8)) for key in keys]
    assert set(indices) == {0, 1, 2}

    def f(key: Any, x: Array, weight: Array) -> tuple[Array, Array]:
        return value(ops, key, x, weight)

    if how == "lanes":
        switched, updated = backend.engine.vmap_trials(f, (1, 2), num_keys)(keys, x, weight)
        results = list(zip(switched, updated, strict=True))
    elif how == "compiled":
        program = backend.engine.compile(f, (keys[0], x, weight))
        results = [program.call(key, x, weight) for key in keys]
    else:
        results = [f(key, x, weight) for key in keys]
    for index, result in zip(indices, results, strict=True):
        for measured, wanted in zip(result, expected(index), strict=True):
            np.testing.assert_allclose(backend.engine.to_numpy(measured), wanted, rtol=1e-12)


def test_an_index_is_chosen_with_the_width_of_its_interval(backend: Backend) -> None:
    lanes = 20_000

    def draw(key: Any) -> dict[str, Array]:
        return {"index": backend.ops.choose(key, LIMITS, 8)}

    drawn = backend.engine.vmap_trials(draw, (), lanes)(backend.engine.keys(np.arange(lanes)))
    indices = backend.engine.to_numpy(drawn["index"])
    for index, share in enumerate([1 / 8, 3 / 8, 4 / 8]):
        deviation = np.sqrt(share * (1 - share) / lanes)
        assert abs((indices == index).mean() - share) < z_bound(3) * deviation


PRODUCT = 2 * 2 * 4 * 4
"""Operations of a product of arrays (2, 4) and (4, 4)."""


def all_counts(backend: Backend, probabilities: tuple[float, ...]) -> list[dict[str, int]]:
    """Return the counts of `value` for these probabilities, prepared in every way."""
    ops, engine = backend.ops, backend.engine
    (key,) = engine.keys(np.array([0]))
    arguments = (key, ops.asarray(np.ones((2, 4))), ops.asarray(WEIGHT))

    def f(*arguments: Any) -> tuple[Array, Array]:
        return value(ops, *arguments)

    return [
        prepare(f, arguments, branch_probabilities=probabilities).counts
        for prepare in (engine.compile, engine.compile_for_memory, engine.eager)
    ]


@pytest.mark.parametrize(
    ("probabilities", "num_products"),
    [((), 1), ((1 / 8, 3 / 8, 4 / 8), 3 / 8 + 2 * 4 / 8), ((1 / 4, 3 / 4), 1)],
)
def test_the_branches_count_with_their_mean(
    backend: Backend, probabilities: tuple[float, ...], num_products: float
) -> None:
    """The branches take 0, 1 and 2 products. Two probabilities do not fit three branches."""
    for counts in all_counts(backend, probabilities):
        assert counts["product_flops"] == num_products * PRODUCT


def test_all_arithmetic_is_weighted_like_the_products(backend: Backend) -> None:
    first, last = (all_counts(backend, p) for p in ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
    for of_first, of_last in zip(first, last, strict=True):
        assert of_last["flops"] - of_first["flops"] == 2 * PRODUCT


def test_a_graph_holds_one_branch_and_the_index_is_computed_without_any() -> None:
    backend = backends.load("torch", 1, "float64")
    ops = backend.ops
    arguments = (backend.engine.keys(np.array([0]))[0], ops.asarray(X[None]), ops.asarray(WEIGHT))
    flat, leaves, _ = tracing.flatten(lambda *args: value(ops, *args), arguments)
    traced = tracing.trace(flat, leaves, 0)

    def num_products(graph: Any) -> int:
        return sum("mm" in str(node.target) for node in graph.graph.nodes)

    assert [num_products(graph) for graph in traced.graphs] == [0, 1, 2]
    assert num_products(traced.index_graph) == 0


def test_a_program_that_draws_no_index_is_a_single_graph() -> None:
    flat, leaves, _ = tracing.flatten(lambda x: 2 * x, (backends.load("torch").ops.asarray(X),))
    traced = tracing.trace(flat, leaves, 0)
    assert len(traced.graphs) == 1
    assert traced.index_graph is None


def test_a_second_index_selects_among_all_branches() -> None:
    """A graph fixes the first index. The results for the second one are computed and selected."""
    backend = backends.load("torch", 1, "float64")
    ops = backend.ops
    keys = backend.engine.keys(np.arange(12))
    x, weight = ops.asarray(X), ops.asarray(WEIGHT)

    def twice(first: Any, second: Any, x: Array, weight: Array) -> tuple[Array, ...]:
        return *value(ops, first, x, weight), *value(ops, second, x, weight)

    program = backend.engine.compile(twice, (keys[0], keys[1], x, weight))
    for first, second in zip(keys, keys.flip(0), strict=True):
        results = program.call(first, second, x, weight)
        indices = [int(ops.choose(key, LIMITS, 8)) for key in (first, second)]
        wanted = [array for index in indices for array in expected(index)]
        for result, array in zip(results, wanted, strict=True):
            np.testing.assert_allclose(backend.engine.to_numpy(result), array, rtol=1e-12)


def test_a_resting_weight_passes_the_tangent_of_its_input(backend: Backend) -> None:
    ops = backend.ops
    x, weight = ops.asarray(X[None]), ops.asarray(WEIGHT)

    def product(x: Array) -> Array:
        return ops.resting_linear(lambda x, weight: x @ weight, x, weight)

    result, tangent = ops.jvp(product, (x,), (2 * x,))
    np.testing.assert_allclose(backend.engine.to_numpy(result), X[None] @ WEIGHT)
    np.testing.assert_allclose(backend.engine.to_numpy(tangent), 2 * X[None] @ WEIGHT)
    lanes = ops.vmap(lambda x: ops.jvp(product, (x,), (2 * x,))[1])(
        ops.asarray(np.stack([X[None]] * 3))
    )
    np.testing.assert_allclose(backend.engine.to_numpy(lanes)[2], 2 * X[None] @ WEIGHT)
