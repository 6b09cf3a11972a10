"""CUDA graphs of PyTorch, and what to do where there are none.

`replays.py` turns traced programs into graphs.
"""

import logging
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import torch

from dirgrad.backends.torch.ops import DEVICE

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


def description() -> str:
    """Return for the provenance whether the programs of this process run as CUDA graphs."""
    if api is None:
        return "none"
    return f"refused: {'; '.join(refusals)}" if refusals else "all programs"
