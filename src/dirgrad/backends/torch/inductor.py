"""Compilation of traced graphs by inductor, the compiler of `torch.compile`.

A graph is flat and its shapes are fixed, so the compiler takes it as it is. `torch.compile` would
first read the Python code of the graph, and check the arguments again in each call. Custom
operators, such as the draws, stay calls. Compiled code is kept in `cache_directory()`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.fx import GraphModule

from dirgrad.backends.torch.ops import DEVICE
from dirgrad.core.errors import UserError

_log = logging.getLogger(__name__)
Call: TypeAlias = Callable[..., Sequence[Tensor]]
"""Function from the leaves of arguments to the leaves of the result."""
is_on = False
"""Whether the graphs of this process are compiled; see `configure`."""
sources: Counter[str] = Counter()
"""Numbers of graphs that were compiled in this process and that came from the cache."""
refusals: list[str] = []
"""Why graphs of this process are not compiled."""


def configure(torch_compile: bool) -> None:
    """Turn compilation on or off for this process.

    Raises:
        UserError: The device is a GPU.
    """
    global is_on
    if torch_compile and DEVICE.type != "cpu":
        raise UserError(
            "run.torch_compile: PyTorch steps are compiled on a CPU only, and replayed as CUDA "
            f"graphs on this device ({DEVICE.type}): remove the option, or set CUDA_VISIBLE_DEVICES"
            " to an empty text"
        )
    is_on = torch_compile
    if is_on:
        # The import takes a second, which does not count as compile time.
        import_module("torch._inductor.compile_fx")


def cache_directory() -> str:
    """Return the folder of compiled code: TORCHINDUCTOR_CACHE_DIR, or the default of PyTorch."""
    from torch._inductor.runtime.cache_dir_utils import cache_dir

    return str(cache_dir())


def attempt(graph: GraphModule, leaves: Sequence[Tensor]) -> Call | None:
    """Return a graph as compiled code, or None if compilation is off or fails.

    Args:
        graph: A graph that overwrites no argument.
        leaves: Example of its arguments.
    """
    if not is_on:
        return None
    try:
        return _compile(graph, leaves)
    except Exception as error:
        # The passes of the compiler, the C++ compiler and the linker raise errors of many types.
        _refuse(error)
        return None


def _compile(graph: GraphModule, leaves: Sequence[Tensor]) -> Call:
    from torch._inductor import standalone_compile

    num_from_cache = _num_from_cache()
    options = {"config_patches": {"cpp.threads": torch.get_num_threads()}}
    compiled = standalone_compile(
        graph, list(leaves), dynamic_shapes="from_example_inputs", options=options
    )
    strides = [leaf.stride() for leaf in leaves]

    def call(*leaves: Tensor) -> Any:
        return compiled(*map(_with_stride, leaves, strides))

    # A first call shows errors of the code, and loads it.
    call(*leaves)
    sources["cache" if _num_from_cache() > num_from_cache else "compiler"] += 1
    return call


def _with_stride(x: Tensor, stride: tuple[int, ...]) -> Tensor:
    """Return x in the layout that compiled code expects: it reads its arguments by address."""
    if x.stride() == stride:
        return x
    return torch.empty_strided(x.shape, stride, dtype=x.dtype, device=x.device).copy_(x)


def _num_from_cache() -> int:
    from torch._dynamo.utils import counters

    graph_hits = counters["inductor"]["fxgraph_cache_hit"]
    return int(graph_hits + counters["aot_autograd"]["autograd_cache_hit"])


def _refuse(error: Exception) -> None:
    reason = f"{type(error).__name__}: {error}".strip().split("\n", 1)[0]
    if reason not in refusals:
        refusals.append(reason)
        _log.warning(
            "run.torch_compile: a program runs traced, because it cannot be compiled: %s", reason
        )


def description() -> str:
    """Return for the provenance how many graphs were compiled, and how many were in the cache."""
    if not is_on:
        return "off"
    refused = f"; refused: {'; '.join(refusals)}" if refusals else ""
    counts = f"{sources['compiler']} graphs compiled, {sources['cache']} from the cache"
    return f"{counts} {cache_directory()}{refused}"
