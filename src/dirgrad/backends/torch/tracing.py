"""Traces of functions as flat graphs of ATen calls."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch._guards import TracingContext, tracing
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from dirgrad.backends.torch import ops
from dirgrad.backends.torch.branches import first_index, specializations
from dirgrad.backends.torch.direct_calls import with_direct_calls
from dirgrad.backends.torch.flop_count import count_flops
from dirgrad.backends.torch.liveness import temp_bytes, write_over
from dirgrad.backends.torch.simplification import simplify
from dirgrad.backends.torch.stacking import stack_products
from dirgrad.core.branches import mean_count

CompileGraph: TypeAlias = Callable[[GraphModule, list[Tensor]], Callable[..., Any] | None]
"""Map (graph, example of its leaves) -> compiled graph, or None to call its operators."""
FlatFunction: TypeAlias = Callable[..., list[Tensor]]
"""Function from the leaves of its arguments to the leaves of its result."""


class Traced(NamedTuple):
    """The graphs of a function of leaves, one for each value of the first index that it draws.

    Attributes:
        graphs: The graphs; a single one if the function draws no index.
        index_graph: The graph of the index, or None.
        calls: Map the leaves to the leaves of the result, one function for each graph. They are
            compiled, or call the operators of the graph.
        index_call: Map the leaves to the index, or None.
    """

    graphs: tuple[GraphModule, ...]
    index_graph: GraphModule | None
    calls: tuple[Callable[..., Any], ...]
    index_call: Callable[..., Any] | None

    def __call__(self, *leaves: Tensor) -> Any:
        """Call the graph of the index that the leaves draw; return the leaves of the result."""
        index = 0 if self.index_call is None else int(self.index_call(*leaves))
        return self.calls[index](*leaves)

    def counts(self, leaves: list[Tensor], probabilities: Sequence[float]) -> dict[str, int]:
        """Return the temporary bytes of the largest graph, and the mean flops of all graphs."""
        flops = [count_flops(graph, copy(leaves)) for graph in self.graphs]
        largest = max(temp_bytes(graph.graph) for graph in self.graphs)
        return {"graph_temp_bytes": largest} | mean_counts(flops, probabilities)


def flatten(
    f: Callable[..., Any],
    example: tuple[Any, ...],
) -> tuple[FlatFunction, list[Tensor], pytree.TreeSpec]:
    """Return f on leaves, the leaves of the example, and the structure of the result."""
    leaves, structure = pytree.tree_flatten(example)
    # This call also warms up f.
    _, result_structure = pytree.tree_flatten(f(*example))

    def flat(*leaves: Tensor) -> list[Tensor]:
        args = pytree.tree_unflatten(leaves, structure)
        return pytree.tree_leaves(f(*args))

    return flat, leaves, result_structure


def never(*_: Any) -> None:
    """Compile and capture nothing, so that the operators of a graph are called one by one."""


def trace(
    flat: FlatFunction,
    leaves: list[Tensor],
    consumed: int,
    compile_graph: CompileGraph = never,
) -> Traced:
    """Trace a function to graphs that may overwrite its first `consumed` arguments.

    Args:
        flat: The function.
        leaves: Example of its arguments.
        consumed: Number of leading arguments that a call may overwrite.
        compile_graph: Compiles a graph before its calls are replaced by calls in place.
    """
    # A graph must not depend on the values of the leaves. This holds because random numbers come
    # from operators on keys, the index of the step is a leaf, and a drawn index has its own graph.
    if any(leaf.requires_grad for leaf in leaves):
        # Forward mode over such a leaf would save more for the backward pass than backpropagation
        # does (pytorch issue 151782).
        raise ValueError("an argument requires grad: detach it")
    graphs: list[GraphModule] = []
    calls: list[Callable[..., Any]] = []

    def add_graph() -> None:
        graph = _trace(flat, leaves)
        # A compiler plans its own products and memory, and cannot read Python functions.
        compiled = compile_graph(graph, copy(leaves))
        _write_in_place(graph, leaves, consumed)
        graphs.append(graph)
        calls.append(compiled or with_direct_calls(graph))

    for specialization in specializations(add_graph):
        draws_index = specialization.index is not None
    index_graph = _trace_index(flat, leaves) if draws_index else None
    index_call = index_graph and with_direct_calls(index_graph)
    return Traced(tuple(graphs), index_graph, tuple(calls), index_call)


def _trace_index(flat: FlatFunction, leaves: list[Tensor]) -> GraphModule:
    def index(*leaves: Tensor) -> Tensor | None:
        return first_index(lambda: flat(*leaves))

    graph = _trace(index, leaves)
    _write_in_place(graph, leaves, consumed=0)
    return graph


def _trace(f: Callable[..., Any], leaves: list[Tensor]) -> GraphModule:
    """Return the simplified graph of f, which overwrites no argument."""
    # The tracer identifies inputs by object identity. Without the copies, a tensor that occurs
    # twice, such as a shared array of zeros, would become a single input.
    # With one fake mode for all values, the tracer does not create one, with its stack trace, for
    # each value.
    with tracing(TracingContext(FakeTensorMode(allow_fallback_kernels=True))):
        traced = make_fx(f)(*copy(leaves))
    traced.graph.eliminate_dead_code()
    simplify(traced)
    _place_constants(traced)
    traced.recompile()
    return traced


def _write_in_place(traced: GraphModule, leaves: list[Tensor], consumed: int) -> None:
    """Let calls of a graph share products and storages, and call it once."""
    stack_products(traced.graph)
    write_over(traced.graph, consumed)
    traced.recompile()
    traced(*copy(leaves))


def _place_constants(traced: GraphModule) -> None:
    """Move the constants of a graph to the device, so that its calls do not copy them there."""
    for node in traced.graph.nodes:
        if node.op == "get_attr":
            constant = getattr(traced, node.target)
            setattr(traced, node.target, constant.to(ops.DEVICE))


def mean_counts(counts: list[dict[str, int]], probabilities: Sequence[float]) -> dict[str, int]:
    """Return the mean of each count over the values of the drawn index, rounded up.

    Args:
        counts: Counts by name, for each value of the index.
        probabilities: Weights of the values (see `core/branches.py`).
    """
    return {
        name: ceil(mean_count([count[name] for count in counts], probabilities))
        for name in counts[0]
    }


def copy(x: Any) -> Any:
    """Copy every leaf of x to new memory."""
    return pytree.tree_map(torch.clone, x)
