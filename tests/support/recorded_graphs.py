"""Graphs on the CPU that record operators and run them again.

A replay calls the recorded operators on the recorded tensors and writes their results into the
recorded results, as a CUDA graph works at fixed addresses. Nothing else of the captured function
runs again. An operator whose result the CPU reads refuses to be captured, as on a GPU. On a machine
with a GPU the real graphs run, and only the events are recorded.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from dirgrad.backends.torch import cuda_graphs
from dirgrad.backends.torch.ops import DEVICE

READ_BY_THE_CPU = ("aten._local_scalar_dense", "aten.nonzero", "aten.linalg_pinv")


class Call(NamedTuple):
    """A recorded call of an operator."""

    operator: Any
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    result: Any

    def run_again(self) -> None:
        result = self.operator(*self.arguments, **self.options)
        pairs = zip(pytree.tree_leaves(self.result), pytree.tree_leaves(result), strict=True)
        for recorded, new in pairs:
            if isinstance(recorded, Tensor) and recorded.data_ptr() != new.data_ptr():
                recorded.copy_(new)


class _Recording(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_dispatch__(
        self, operator: Any, types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        if str(operator).startswith(READ_BY_THE_CPU):
            raise RuntimeError(
                f"operation not permitted when stream is capturing: {operator}\nmore"
            )
        result = operator(*arguments, **(options or {}))
        self.calls.append(Call(operator, arguments, options or {}, result))
        return result


class _OnCpu:
    """Graphs that record the operators of their body."""

    def warm_up(self, body: Callable[[], None], /) -> None:
        body()

    def capture(self, body: Callable[[], None], /) -> Callable[[], None]:
        with _Recording() as recording:
            body()

        def replay() -> None:
            for call in recording.calls:
                call.run_again()

        return replay

    def synchronize(self) -> None:
        pass


class RecordedGraphs:
    """CUDA graphs that record each use.

    Attributes:
        events: "warm-up", "capture", "replay" and "synchronize", in their order.
        replayed: For each replay, the number of its graph, in the order of the captures.
    """

    def __init__(self) -> None:
        self.events: list[str] = []
        self.replayed: list[int] = []
        on_gpu = DEVICE.type == "cuda"
        self._graphs: cuda_graphs.GraphApi = cuda_graphs.CudaGraphs() if on_gpu else _OnCpu()

    def warm_up(self, body: Callable[[], None], /) -> None:
        self.events.append("warm-up")
        self._graphs.warm_up(body)

    def capture(self, body: Callable[[], None], /) -> Callable[[], None]:
        number = self.events.count("capture")
        self.events.append("capture")
        replay = self._graphs.capture(body)

        def recorded_replay() -> None:
            self.events.append("replay")
            self.replayed.append(number)
            replay()

        return recorded_replay

    def synchronize(self) -> None:
        self.events.append("synchronize")
        self._graphs.synchronize()
