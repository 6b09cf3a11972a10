"""Steps that are captured once and replayed equal the steps of the plain path.

The tests drive the code for CUDA graphs on the CPU, with a recorder in place of the graphs.
"""

import logging
from itertools import groupby
from typing import Any

import numpy as np
import pytest
import torch

from dirgrad import backends
from dirgrad.backends.torch import cuda_graphs
from dirgrad.components import registry
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.optimizers.adam import Adam
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps
from dirgrad.core.types import Backend, Optimizer, State, TrainChunk, Trial
from support.cases import CASES, placed
from support.recorded_graphs import RecordedGraphs

ESTIMATORS: dict[str, Any] = {
    "backprop": "backprop",
    "gaussian": {"kind": "forward_gradient", "direction": "gaussian"},
    "rank_one": {"kind": "forward_gradient", "direction": "rank_one"},
    "one_layer": {"kind": "forward_gradient", "direction": "one_layer"},
    "learned_layers": "learned_layers",
}
DECIDED_BY_AN_INDEX = ("one_layer", "learned_layers")
NUM_STEPS = 9
CHUNK = 5
CASE = CASES["mlp"]


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> RecordedGraphs:
    recorder = RecordedGraphs()
    monkeypatch.setattr(cuda_graphs, "api", recorder)
    monkeypatch.setattr(cuda_graphs, "refusals", [])
    return recorder


@pytest.fixture
def torch_backend() -> Backend:
    return backends.load("torch", 1, "float64")


class Training:
    """The training of some lanes on eight fixed examples."""

    def __init__(self, backend: Backend, estimator: str, optimizer: Optimizer, lanes: int) -> None:
        ops = backend.ops
        component = registry.parse("estimators", ESTIMATORS[estimator])
        self.step = steps.make_step(ops, CASE.problem, component, optimizer, 1e-2)
        params = placed(
            backend, {name: np.stack([leaf] * lanes) for name, leaf in CASE.params().items()}
        )
        states = [
            steps.initial_state(ops, component, optimizer, {k: v[i] for k, v in params.items()})
            for i in range(lanes)
        ]
        self.state: State = torch.utils._pytree.tree_map(lambda *x: torch.stack(x), *states)
        rates = ops.asarray(np.full(lanes, 0.05))
        self.trial = Trial(backend.engine.keys(np.arange(lanes) + 7), rates)
        self.data = tuple(map(ops.asarray, CASE.batch()))
        self.rows = np.random.default_rng(0).integers(0, 5, (lanes, NUM_STEPS, 3))
        self.backend = backend

    def compile(self) -> TrainChunk:
        return self.backend.engine.compile_training(
            self.step, self.data, self.state, self.trial, self.rows, CHUNK
        )

    def run(self, train_chunk: TrainChunk) -> tuple[list[np.ndarray], np.ndarray]:
        """Take all steps in two chunks; return the last state and the losses."""
        state, losses = self.state, []
        for first in range(0, NUM_STEPS, CHUNK):
            rows = self.rows[:, first : first + CHUNK]
            state, chunk_losses = train_chunk(state, self.trial, first, rows)
            losses.append(chunk_losses)
        leaves = torch.utils._pytree.tree_leaves(state)
        to_numpy = self.backend.engine.to_numpy
        return [to_numpy(leaf) for leaf in leaves], np.concatenate(losses, axis=1)


@pytest.mark.parametrize(
    ("estimator", "optimizer", "lanes"),
    [
        ("backprop", Adam(), 1),
        ("gaussian", Sgd(), 2),
        ("rank_one", Adam(), 2),
        ("one_layer", Sgd(), 1),
        ("learned_layers", Sgd(), 1),
    ],
    ids=lambda value: "" if isinstance(value, (Sgd, Adam)) else str(value),
)
def test_replayed_training_equals_plain_training(
    graphs: RecordedGraphs,
    torch_backend: Backend,
    monkeypatch: pytest.MonkeyPatch,
    estimator: str,
    optimizer: Optimizer,
    lanes: int,
) -> None:
    training = Training(torch_backend, estimator, optimizer, lanes)
    replayed = training.compile()
    monkeypatch.setattr(cuda_graphs, "api", None)
    plain_state, plain_losses = training.run(training.compile())
    assert "replay" not in graphs.events
    # The second run starts from the first state again.
    for _ in range(2):
        state, losses = training.run(replayed)
        np.testing.assert_array_equal(losses, plain_losses)
        for leaf, expected in zip(state, plain_state, strict=True):
            np.testing.assert_array_equal(leaf, expected)
    assert len(np.unique(losses)) == losses.size
    assert not cuda_graphs.refusals


@pytest.mark.parametrize("estimator", ["rank_one", "one_layer"])
def test_a_chunk_is_captured_after_a_warm_up_and_waits_once(
    graphs: RecordedGraphs, torch_backend: Backend, estimator: str
) -> None:
    training = Training(torch_backend, estimator, Sgd(), 1)
    train_chunk = training.compile()
    # Each of the three layers has a graph, and so has the index.
    num_graphs = 4 if estimator in DECIDED_BY_AN_INDEX else 1
    assert graphs.events == ["warm-up", "capture"] * num_graphs
    graphs.events.clear()
    train_chunk(training.state, training.trial, 0, training.rows[:, :CHUNK])
    # A step whose layer is drawn also replays the graph of its index.
    num_replays = CHUNK * (2 if estimator in DECIDED_BY_AN_INDEX else 1)
    counted = [(event, len(list(same))) for event, same in groupby(graphs.events)]
    assert counted == [("replay", num_replays), ("synchronize", 1)]


@pytest.mark.parametrize(
    ("estimator", "is_ahead"), [("one_layer", True), ("learned_layers", False)]
)
def test_indices_are_computed_ahead_unless_they_depend_on_the_state(
    graphs: RecordedGraphs, torch_backend: Backend, estimator: str, is_ahead: bool
) -> None:
    training = Training(torch_backend, estimator, Sgd(), 1)
    train_chunk = training.compile()
    train_chunk(training.state, training.trial, 0, training.rows[:, :CHUNK])
    graph_of_index = 3
    is_index = [number == graph_of_index for number in graphs.replayed]
    ahead = [True] * CHUNK + [False] * CHUNK
    assert is_index == (ahead if is_ahead else [True, False] * CHUNK)


def test_a_problem_without_data_is_trained_by_replays(
    graphs: RecordedGraphs, torch_backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops, engine = torch_backend.ops, torch_backend.engine
    step = steps.make_step(ops, CASES["beale"].problem, Backprop(), Sgd(), 0.0)
    state = State({"x": ops.asarray(np.array([[1.0, 2.0], [0.5, 1.0]]))}, ())
    trial = Trial(engine.keys(np.arange(2)), ops.asarray(np.full(2, 1e-3)))
    rows = np.zeros((2, 4, 0), np.int32)
    results = []
    for api in (graphs, None):
        monkeypatch.setattr(cuda_graphs, "api", api)
        train_chunk = engine.compile_training(step, (), state, trial, rows, 4)
        last_state, losses = train_chunk(state, trial, 0, rows)
        results.append((engine.to_numpy(last_state.params["x"]), losses))
    assert graphs.events.count("replay") == 4
    for replayed, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(replayed, expected)


def swapped(w: Any, x: Any, y: Any) -> Any:
    """Return the two state leaves in exchanged places, a sum, and a leaf itself."""
    return x * 2, w, (w + x) @ y, x


def test_a_replayed_call_equals_the_function_and_keeps_what_it_does_not_consume(
    graphs: RecordedGraphs, torch_backend: Backend
) -> None:
    """Consumed results lie where the next call expects them, so that nothing is copied."""
    w, x, y = (torch_backend.ops.asarray(np.arange(4.0) + i) for i in range(3))
    compiled = torch_backend.engine.compile(swapped, (w, x, y), consumed=2)
    state, expected = (w.clone(), x.clone()), (w, x)
    for i in range(4):
        changed = y + (i // 2)
        # The leaves change places on their way into the next call, too.
        *state, total, x = compiled.call(*state[::-1], changed)
        *expected, expected_total, expected_x = swapped(*expected[::-1], changed)
        pairs = zip((*state, total, x), (*expected, expected_total, expected_x), strict=True)
        assert all(torch.equal(result, wanted) for result, wanted in pairs)
    addresses = {leaf.data_ptr() for leaf in state}
    *state, _, _ = compiled.call(*state, y)
    assert {leaf.data_ptr() for leaf in state} == addresses
    assert y.tolist() == [2.0, 3.0, 4.0, 5.0]
    assert graphs.events.count("replay") == 5


def test_a_result_that_does_not_fit_its_argument_leaves_the_plain_path(
    graphs: RecordedGraphs, torch_backend: Backend
) -> None:
    x = torch_backend.ops.asarray(np.ones(3))
    compiled = torch_backend.engine.compile(lambda x: x.sum(), (x,), consumed=1)
    assert float(compiled.call(x)) == 3.0
    assert cuda_graphs.refusals == ["a result does not fit the argument that it replaces"]


def test_an_argument_that_changed_in_place_is_copied_again(
    graphs: RecordedGraphs, torch_backend: Backend
) -> None:
    compile_ = torch_backend.engine.compile
    x = torch_backend.ops.asarray(np.ones(3))
    double = compile_(lambda x: 2 * x, (x,))
    count = compile_(lambda n: n + 1, (x,), consumed=1)
    assert double.call(x).tolist() == [2.0] * 3
    x.add_(1)
    assert double.call(x).tolist() == [4.0] * 3
    n = x
    for value in (6.0, 8.0):
        # A replay overwrites n, and PyTorch does not see this.
        n = count.call(n)
        assert double.call(n).tolist() == [value] * 3


def test_an_operator_that_refuses_leaves_the_plain_path_and_one_sentence(
    graphs: RecordedGraphs, torch_backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    matrix = torch_backend.ops.asarray(np.eye(3) * 2)

    def solve(a: Any, b: Any) -> Any:
        return torch_backend.ops.solve(a, b)

    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            compiled = torch_backend.engine.compile(solve, (matrix, matrix[0]))
            result = compiled.call(matrix, matrix[0])
    np.testing.assert_allclose(result.tolist(), [1.0, 0.0, 0.0], atol=1e-12)
    assert "replay" not in graphs.events
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("a program runs without CUDA graphs, because one refuses: ")
    assert "\n" not in message
    assert torch_backend.engine.environment()["cuda_graphs"].startswith("refused: ")


def test_a_measurement_of_memory_does_without_graphs(
    graphs: RecordedGraphs, torch_backend: Backend
) -> None:
    x = torch_backend.ops.asarray(np.ones(3))
    compiled = torch_backend.engine.compile_for_memory(lambda x: 2 * x, (x,))
    assert compiled.call(x).tolist() == [2.0] * 3
    assert not graphs.events
