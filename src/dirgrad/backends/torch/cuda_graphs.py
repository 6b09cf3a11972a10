"""Replay of traced programs as CUDA graphs.

A step of a small network takes 20 to 40 kernels. On a GPU their launches take longer than their
arithmetic, and a graph has a single launch. A replay runs the captured kernels at the captured
addresses. Therefore the arguments are copied into buffers, and the graph writes the next state over
the last one.

A program that draws an index has one graph for each value (`branches.py`). The CPU reads the index
and replays its graph. Training first computes the indices of a chunk, and the CPU reads
all of them at once. If they depend on the state, as for `learned_layers`, the CPU reads one index
per step.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor
from torch.fx import GraphModule

from dirgrad.backends.torch.ops import DEVICE
from dirgrad.backends.torch.tracing import Traced

_log = logging.getLogger(__name__)
T = TypeVar("T")
Body = Callable[[], None]
"""Operators on buffers: the content of a graph."""


class GraphApi(Protocol):
    """The part of CUDA graphs that this module uses; tests put a recorder in its place."""

    def warm_up(self, body: Body, /) -> None:
        """Call body on a side stream, so that libraries allocate what they need."""

    def capture(self, body: Body, /) -> Body:
        """Capture the kernels of body without running them; return the replay.

        Raises:
            RuntimeError: An operator cannot be captured.
        """

    def synchronize(self) -> None:
        """Wait until the device has finished all work."""


class CudaGraphs:
    """CUDA graphs of PyTorch; all share one pool of memory, since results are read at once."""

    def __init__(self) -> None:
        self._pool: Any = None

    def warm_up(self, body: Body, /) -> None:
        stream = torch.cuda.current_stream()
        side = torch.cuda.Stream()
        side.wait_stream(stream)
        with torch.cuda.stream(side):
            body()
        stream.wait_stream(side)

    def capture(self, body: Body, /) -> Body:
        stream = torch.cuda.current_stream()
        graph = torch.cuda.CUDAGraph()
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        try:
            # Threads of JAX may use the device meanwhile.
            mode = "thread_local"
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode=mode):
                body()
        finally:
            # A capture that fails leaves its own stream current.
            torch.cuda.set_stream(stream)
        return graph.replay

    def synchronize(self) -> None:
        torch.cuda.synchronize()


api: GraphApi | None = CudaGraphs() if DEVICE.type == "cuda" else None
"""The graphs of this device, or None where there are none."""
refusals: list[str] = []
"""Why programs of this process run without CUDA graphs."""


def description() -> str:
    """Return for the provenance whether the programs of this process run as CUDA graphs."""
    if api is None:
        return "none"
    return f"refused: {'; '.join(refusals)}" if refusals else "all programs"


class _Buffers:
    """Tensors at fixed addresses that hold the arguments of a graph.

    Attributes:
        tensors: The buffers.
        num_renewed: Number of leading buffers that the graph overwrites.
    """

    def __init__(self, examples: Sequence[Tensor], num_renewed: int) -> None:
        # A graph holds kernels of the device only. It would skip calls on the CPU.
        if any(example.device.type != DEVICE.type for example in examples):
            raise RuntimeError("an argument does not lie on the device")
        self.tensors = [example.clone() for example in examples]
        self.num_renewed = num_renewed
        self._loaded: list[tuple[Tensor, int] | None] = [None] * len(examples)

    def load(self, leaves: Sequence[Tensor]) -> None:
        """Copy the leaves into the buffers, except those that have not changed since."""
        for i, (buffer, leaf) in enumerate(zip(self.tensors, leaves, strict=True)):
            loaded = self._loaded[i]
            is_loaded = loaded and loaded[0] is leaf and loaded[1] == leaf._version
            if leaf is buffer or is_loaded:
                continue
            buffer.copy_(leaf)
            if i >= self.num_renewed:
                self._loaded[i] = (leaf, leaf._version)

    def renew(self, results: Sequence[Tensor]) -> None:
        """Write the results over the leading buffers."""
        renewed = self.tensors[: self.num_renewed]
        addresses = {buffer.untyped_storage().data_ptr() for buffer in renewed}
        # The program may have written a result over another argument, which is renewed, too.
        settled = [
            result
            if _is_same(result, buffer) or result.untyped_storage().data_ptr() not in addresses
            else result.clone()
            for buffer, result in zip(renewed, results, strict=True)
        ]
        for buffer, result in zip(renewed, settled, strict=True):
            if not _is_same(result, buffer):
                buffer.copy_(result)

    def mark_renewed(self) -> None:
        """Count a replay as a change, since a replay changes buffers unseen by PyTorch."""
        for buffer in self.tensors[: self.num_renewed]:
            torch.autograd.graph.increment_version(buffer)


def _is_same(a: Tensor, b: Tensor) -> bool:
    return (a.data_ptr(), a.shape, a.stride()) == (b.data_ptr(), b.shape, b.stride())


def attempt(capture: Callable[[GraphApi], T]) -> T | None:
    """Return what `capture` makes, or None without CUDA graphs or if an operator refuses them."""
    if api is None:
        return None
    try:
        return capture(api)
    except RuntimeError as error:
        _refuse(error)
        return None


def _refuse(error: RuntimeError) -> None:
    reason = str(error).split("\n", 1)[0]
    if reason not in refusals:
        refusals.append(reason)
        _log.warning("a program runs without CUDA graphs, because one refuses: %s", reason)


def _captured(api: GraphApi, body: Body) -> Body:
    api.warm_up(body)
    return api.capture(body)


def capture_call(
    api: GraphApi, traced: Traced, leaves: Sequence[Tensor], consumed: int
) -> Callable[..., list[Tensor]]:
    """Return a traced program on leaves as replays of its graphs.

    Results in the place of consumed arguments stay in the buffers, where the next call expects
    them.

    Raises:
        RuntimeError: An operator cannot be captured.
    """
    buffers = _Buffers(leaves, consumed)
    results: dict[int, list[Tensor]] = {}
    index_result: list[Tensor] = []

    def run(value: int, graph: GraphModule) -> None:
        leaves_of_result = list(graph(*buffers.tensors))
        buffers.renew(leaves_of_result[:consumed])
        results[value] = leaves_of_result[consumed:]

    def run_index(graph: GraphModule) -> None:
        index_result[:] = [graph(*buffers.tensors)]

    replays = [_captured(api, partial(run, *graph)) for graph in enumerate(traced.graphs)]
    index_graph = traced.index_graph
    replay_index = index_graph and _captured(api, partial(run_index, index_graph))

    def call(*leaves: Tensor) -> list[Tensor]:
        buffers.load(leaves)
        value = 0
        if replay_index:
            replay_index()
            value = int(index_result[0])
        replays[value]()
        buffers.mark_renewed()
        fresh = [result.clone() for result in results[value]]
        return [*buffers.tensors[:consumed], *fresh]

    return call


class ReplayedSteps:
    """Steps of training as replays; the CPU waits after the last one.

    The rows, the losses, the index of the step and its position in the chunk lie on the device. A
    graph reads its rows, writes its loss and advances both counters.
    """

    def __init__(
        self,
        api: GraphApi,
        traced: Traced,
        leaves: Sequence[Tensor],
        num_state: int,
        data: Sequence[Tensor],
        chunk: int,
    ) -> None:
        """Capture one step.

        Args:
            api: The graphs of the device.
            traced: The step: (state, trial, index, rows, data) -> (state, losses of the lanes).
            leaves: Example of its leaves without the data. The learning rate is before the index.
            num_state: Number of leaves of the state.
            data: The training set, which the graph reads where it lies.
            chunk: Largest number of steps of a call.

        Raises:
            RuntimeError: An operator cannot be captured.
        """
        *arguments, index, rows = leaves
        self._api = api
        self._num_state = num_state
        self._data = data
        self._buffers = _Buffers(arguments, num_state)
        self._index = index.clone()
        self._position = torch.zeros(1, dtype=torch.int64, device=index.device)
        lanes, batch = rows.shape
        self._rows = rows[:, None].expand(lanes, chunk, batch).clone()
        self._losses = arguments[-1].new_zeros(lanes, chunk)
        self._choices = torch.zeros(chunk, dtype=torch.int64, device=index.device)
        self._steps = [self._captured(partial(self._step, graph)) for graph in traced.graphs]
        self._choose: Body | None = None
        if (index_graph := traced.index_graph) is not None:
            self._reads_state = _reads_leading(index_graph, num_state)
            self._choose = self._captured(partial(self._write_choice, index_graph))

    def _captured(self, body: Body) -> Body:
        self._rewind(0)
        return _captured(self._api, body)

    def _arguments(self) -> list[Tensor]:
        rows = self._rows.index_select(1, self._position).squeeze(1)
        return [*self._buffers.tensors, self._index, rows, *self._data]

    def _step(self, graph: GraphModule) -> None:
        *state, losses = graph(*self._arguments())
        self._losses.index_copy_(1, self._position, losses[:, None])
        self._buffers.renew(state)
        self._advance()

    def _write_choice(self, graph: GraphModule) -> None:
        choice = graph(*self._arguments())
        self._choices.index_copy_(0, self._position, choice.reshape(1))
        if not self._reads_state:
            self._advance()

    def _advance(self) -> None:
        self._index.add_(1)
        self._position.add_(1)

    def _rewind(self, first: int) -> None:
        self._index.fill_(first)
        self._position.zero_()

    def _chosen(self, first: int, count: int) -> Iterator[int]:
        """Yield the graph of each step; a step ends before the next graph is chosen."""
        if self._choose is None:
            yield from repeat(0, count)
            return
        if self._reads_state:
            for i in range(count):
                self._choose()
                yield int(self._choices[i])
            return
        for _ in range(count):
            self._choose()
        choices = self._choices[:count].tolist()
        self._rewind(first)
        yield from choices

    def __call__(
        self, leaves: Sequence[Tensor], first: int, rows: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """Take steps from a state; return the leaves of the last state and all losses.

        Args:
            leaves: Leaves of the state and of the trials.
            first: Index of the first step.
            rows: Training examples of the steps: (lanes, steps, batch).
        """
        count = rows.shape[1]
        self._buffers.load(leaves)
        self._rows[:, :count].copy_(rows)
        self._rewind(first)
        for choice in self._chosen(first, count):
            self._steps[choice]()
        self._api.synchronize()
        state = [buffer.clone() for buffer in self._buffers.tensors[: self._num_state]]
        return state, self._losses[:, :count].clone()


def _reads_leading(graph: GraphModule, count: int) -> bool:
    """Return whether a graph uses one of its first `count` arguments."""
    placeholders = [node for node in graph.graph.nodes if node.op == "placeholder"]
    return any(node.users for node in placeholders[:count])
