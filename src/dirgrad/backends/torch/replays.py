"""Replay of traced programs as CUDA graphs.

A step of a small network takes 20 to 40 kernels. On a GPU their launches take longer than their
arithmetic, and a graph has a single launch. A replay runs the captured kernels at the captured
addresses. Therefore the arguments are copied into buffers, and the graph writes the next state over
the last one.

A program that draws an index has one graph for each value (`branches.py`). The CPU reads the index
and replays its graph. Training first computes the indices of a chunk, and the CPU reads all of them
at once. If they depend on the state, as for `learned_layers`, the CPU reads one index per step.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat

import torch
from torch import Tensor
from torch.fx import GraphModule

from dirgrad.backends.torch.cuda_graphs import Body, GraphApi
from dirgrad.backends.torch.ops import DEVICE
from dirgrad.backends.torch.tracing import Traced


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
        renewed = self.tensors[:num_renewed]
        self._renewed_storages = {buffer.untyped_storage().data_ptr() for buffer in renewed}
        self._loaded: list[tuple[Tensor, int] | None] = [None] * len(examples)

    def load(self, leaves: Sequence[Tensor]) -> None:
        """Copy the leaves into the buffers, except those that have not changed since."""
        pairs = enumerate(zip(self.tensors, leaves, strict=True))
        changed = [(i, leaf) for i, (buffer, leaf) in pairs if not self._holds(i, buffer, leaf)]
        # A leaf may be another buffer, which this call overwrites, too.
        sources = [leaf.clone() if self._is_renewed(leaf) else leaf for _, leaf in changed]
        for (i, leaf), source in zip(changed, sources, strict=True):
            self.tensors[i].copy_(source)
            if i >= self.num_renewed:
                self._loaded[i] = (leaf, leaf._version)

    def _holds(self, i: int, buffer: Tensor, leaf: Tensor) -> bool:
        loaded = self._loaded[i]
        is_loaded = loaded is not None and loaded[0] is leaf and loaded[1] == leaf._version
        return leaf is buffer or is_loaded

    def _is_renewed(self, x: Tensor) -> bool:
        return x.untyped_storage().data_ptr() in self._renewed_storages

    def renew(self, results: Sequence[Tensor]) -> list[Tensor]:
        """Write the leading results over the leading buffers; return the other results.

        Raises:
            RuntimeError: A result does not fit the buffer that it replaces.
        """
        renewed = self.tensors[: self.num_renewed]
        leading, others = results[: self.num_renewed], results[self.num_renewed :]
        if [x.shape for x in leading] != [buffer.shape for buffer in renewed]:
            raise RuntimeError("a result does not fit the argument that it replaces")
        # A result may lie in another buffer, which is renewed, too.
        settled = [
            result.clone() if self._is_renewed(result) and not _is_same(result, buffer) else result
            for buffer, result in zip(renewed, leading, strict=True)
        ]
        kept = [result.clone() if self._is_renewed(result) else result for result in others]
        for buffer, result in zip(renewed, settled, strict=True):
            if not _is_same(result, buffer):
                buffer.copy_(result)
        return kept

    def mark_renewed(self) -> None:
        """Count a replay as a change, since a replay changes buffers unseen by PyTorch."""
        for buffer in self.tensors[: self.num_renewed]:
            torch.autograd.graph.increment_version(buffer)


def _is_same(a: Tensor, b: Tensor) -> bool:
    return (a.data_ptr(), a.shape, a.stride()) == (b.data_ptr(), b.shape, b.stride())


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
        results[value] = buffers.renew(graph(*buffers.tensors))

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
        (losses,) = self._buffers.renew(graph(*self._arguments()))
        self._losses.index_copy_(1, self._position, losses[:, None])
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
