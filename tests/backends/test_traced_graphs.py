"""Traced PyTorch steps take few calls, and the rewriting of their graphs keeps the results."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.fx import GraphModule

from dirgrad import backends
from dirgrad.backends.torch import engine, random, tracing
from dirgrad.backends.torch.cross_entropy import cross_entropy
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.problems.logistic_regression import LogisticRegression
from dirgrad.components.problems.mlp import Mlp
from dirgrad.core.types import Backend
from dirgrad.runs.instruments import programs
from dirgrad.runs.instruments.workload import Workload

RANK_ONE = ForwardGradient(RankOne())


def load() -> Backend:
    return backends.load("torch", 1, "float64")


def step(problem: Any, estimator: Any, batch_size: int) -> programs.Program:
    """Return the program of a step at random parameters and on random images."""
    backend, rng = load(), np.random.default_rng(0)
    params = {name: backend.ops.asarray(leaf) for name, leaf in problem.init(rng).items()}
    images = backend.ops.asarray(rng.uniform(size=(batch_size, 8, 8)))
    labels = backend.ops.asarray(rng.integers(0, 10, batch_size))
    workload = Workload("step", problem, params, (images, labels), batch_size, 0, 0)
    _, program = programs.estimate_and_step(backend, workload, estimator)
    return program


def trace(f: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, Any, list[Any]]:
    with torch.no_grad():
        flat, leaves, _ = tracing.flatten(f, arguments)
        return flat, tracing.trace(flat, leaves, 0), leaves


def num_calls(graph: GraphModule, name: str = "") -> int:
    """Return the number of calls whose operator's name contains `name`; views of lists are free."""
    calls = [node for node in graph.graph.nodes if node.op == "call_function"]
    names = [str(call.target) for call in calls if "getitem" not in str(call.target)]
    return sum(name in call for call in names)


CALLS = {
    "logistic_regression": (LogisticRegression(Digits()), 14, 23),
    "mlp": (Mlp(Digits(), (16, 16)), 38, 49),
}
"""Problems, with the numbers of calls of a step of backprop and of a rank-one forward gradient."""


@pytest.mark.parametrize("name", CALLS)
def test_a_step_has_few_calls(name: str) -> None:
    problem, *expected = CALLS[name]
    counted = []
    for estimator in (Backprop(), RANK_ONE):
        program = step(problem, estimator, 8)
        _, traced, _ = trace(program.build(load().ops), program.arguments)
        counted.append(num_calls(traced.graphs[0]))
    assert counted == expected


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_value_and_tangent_of_a_wide_layer_share_a_product(activation: Any) -> None:
    """The two inner layers of four have products of 256 x 256, and one layer has no tangent."""
    problem = Mlp(Digits(), (256, 256, 256), activation=activation)
    program = step(problem, RANK_ONE, 8)
    flat, traced, leaves = trace(program.build(load().ops), program.arguments)
    graph = traced.graphs[0]
    assert num_calls(graph, "aten.mm.") == 1 + 1 + 1 + 2
    assert num_calls(graph, "aten.cat") == 0
    for untraced, value in zip(flat(*leaves), traced(*leaves), strict=True):
        np.testing.assert_allclose(value.numpy(), untraced.numpy(), rtol=1e-10, atol=1e-12)


def test_a_wide_batch_keeps_its_products_apart() -> None:
    problem = Mlp(Digits(), (256, 256))
    program = step(problem, RANK_ONE, 129)
    _, traced, _ = trace(program.build(load().ops), program.arguments)
    assert num_calls(traced.graphs[0], "aten.mm.") == 1 + 2 + 2


def test_constants_of_a_graph_survive_a_call_that_consumes_its_state() -> None:
    """The first result is a constant, and the second call may overwrite it."""

    def f(state: Any) -> Any:
        ones = torch.zeros(3) + 1
        return (ones, ones + state[0] + state[1])

    state = (torch.zeros(3), torch.zeros(3))
    call = engine.compile(f, (state,), consumed=1).call
    expected = state
    for _ in range(3):
        expected = f(expected)
        state = call(state)
        for value, wanted in zip(state, expected, strict=True):
            assert torch.equal(value, wanted)


def test_a_graph_with_overwritten_arrays_keeps_its_results() -> None:
    """The result of `copy_` has no use, and yet the call may not be removed."""

    def f(x: Any) -> Any:
        total = torch.zeros(4)
        part = total[1:3]
        part.copy_(x[:2])
        scaled = torch.ones(4) * total
        return scaled.add_(1), total * 1, x.view(4) + total

    x = torch.arange(4.0)
    traced = trace(f, (x,))[1]
    for value, wanted in zip(traced(x), f(x), strict=True):
        assert torch.equal(value, wanted)


def test_parts_of_an_array_are_cut_in_one_call() -> None:
    def f(x: Any) -> Any:
        rest = x[2:]
        return x[:2] + 1, rest[:3] * 2, rest[3:] * 3

    x = torch.arange(10.0)
    _, traced, _ = trace(f, (x,))
    assert num_calls(traced.graphs[0], "slice") == 0
    assert num_calls(traced.graphs[0], "split_with_sizes") == 1
    for value, wanted in zip(traced(x), f(x), strict=True):
        assert torch.equal(value, wanted)


def test_direct_calls_need_no_operator_library() -> None:
    program = step(CALLS["mlp"][0], RANK_ONE, 8)
    _, traced, _ = trace(program.build(load().ops), program.arguments)
    remaining = {str(node.target) for node in traced.calls[0].graph.nodes if "aten" in str(node)}
    assert not any("dirgrad" in name or ".mul" in name for name in remaining)
    assert num_calls(traced.calls[0], "dirgrad.") == 0
    assert num_calls(traced.calls[0], "aten.mm.") == 0


@pytest.mark.parametrize("n", [5, 1000])
@pytest.mark.parametrize("lanes", [None, 3])
def test_a_draw_folds_the_indices_into_its_key(n: int, lanes: int | None) -> None:
    keys = load().engine.keys(np.arange(7, 7 + (lanes or 1)))
    key = keys if lanes else keys[0]
    indices = (torch.tensor(3), torch.tensor(2**40))
    folded = key
    for index in indices:
        folded = random.mix(folded + (index + 1) * random.STRIDE)
    options = (n, torch.float64, torch.device("cpu"))
    measured = random.draw_after_folding("normal", key, *options, *indices)
    assert torch.equal(measured, random.draw("normal", folded, *options))


def differentiated(f: Callable[[Any], Any], z: Any, dz: Any) -> dict[str, Any]:
    """Return derivatives of a loss by each nesting of modes, and along three tangents at once."""
    jvp, grad, vmap = torch.func.jvp, torch.func.grad, torch.func.vmap
    slope = lambda z: jvp(f, (z,), (dz,))[1]  # noqa: E731
    return {
        "jvp": jvp(f, (z,), (dz,)),
        "grad": grad(f)(z),
        "jvp of jvp": jvp(slope, (z,), (dz,)),
        "grad of jvp": grad(slope)(z),
        "jvp of grad": jvp(grad(f), (z,), (dz,)),
        "tangents": vmap(lambda a: jvp(f, (z,), (a * dz,)))(torch.arange(3)),
        "lanes": vmap(slope)(torch.stack([z, 2 * z])),
    }


def test_derivatives_of_the_cross_entropy_are_those_of_torch() -> None:
    rng = torch.Generator().manual_seed(0)
    z, dz = (torch.randn(6, 4, generator=rng, dtype=torch.float64) for _ in range(2))
    labels = torch.tensor([0, 3, 1, 2, 2, 0])
    measured = differentiated(lambda z: cross_entropy(z, labels), z, dz)
    wanted = differentiated(lambda z: torch.nn.functional.cross_entropy(z, labels), z, dz)
    torch.testing.assert_close(measured, wanted, rtol=1e-12, atol=1e-14)


def test_a_slope_of_the_cross_entropy_takes_six_calls() -> None:
    z, labels = torch.zeros(6, 4), torch.zeros(6, dtype=torch.int64)

    def slope(z: Any, dz: Any) -> Any:
        return torch.func.jvp(lambda z: cross_entropy(z, labels), (z,), (dz,))

    assert num_calls(trace(slope, (z, z))[1].graphs[0]) == 6
