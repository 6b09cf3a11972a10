"""Direct calls of the operators of a traced graph.

A call through `torch.ops` parses its arguments by a schema, which takes one microsecond more than
the method of the tensor, and eight more for an operator that is written in Python. The same kernels
run either way.
"""

import operator
from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node

from dirgrad.backends.torch import random

METHODS = frozenset(
    {"add", "addcmul", "addmm", "amax", "clone", "copy", "cos", "div", "exp", "expand", "log", "mm"}
    | {"index_select", "mul", "mv", "neg", "permute", "relu", "select", "sigmoid", "sin", "sqrt"}
    | {"split_with_sizes", "squeeze", "sub", "sum", "t", "tanh", "transpose", "unsqueeze", "view"}
)
"""Operators that take the same positional arguments as the method with their name.

The set includes their forms in place, such as `add_`.
"""


def with_direct_calls(module: Any) -> GraphModule:
    """Return a module with the same calls, made directly where the direct call is known."""
    graph = Graph()
    graph.output(graph.graph_copy(module.graph, {}))
    for node in list(graph.nodes):
        if node.op == "call_function":
            _call_directly(graph, node)
    return GraphModule(module, graph)


def _call_directly(graph: Any, node: Any) -> None:
    if node.target is random.draw and _is_on_cpu(node):
        _fold_and_draw(node)
    elif node.target in random.CPU_KERNELS and _is_on_cpu(node):
        node.target = random.CPU_KERNELS[node.target]
    elif node.target is torch.ops.aten.slice.Tensor:
        _index(node)
    elif (name := _method(node)) is not None:
        node.op, node.target = "call_method", name


def _fold_and_draw(node: Any) -> None:
    """Let a draw derive its key itself, if the key has no other use."""
    law, key, *rest = node.args
    indices: list[Any] = []
    unused: list[Any] = []
    while key.target is random.CPU_KERNELS[random.fold_in] and len(key.users) == 1:
        unused.append(key)
        key, index = key.args
        indices.insert(0, index)
    node.target = random.draw_after_folding
    node.args = (law, key, *rest, *indices)
    for folded in unused:
        node.graph.erase_node(folded)


def _is_on_cpu(node: Any) -> bool:
    return all(key.meta["val"].device.type == "cpu" for key in node.all_input_nodes)


def _index(node: Any) -> None:
    """Write a slice of the first or the second axis as an index."""
    source, axis, *limits = (*node.args, 0)[: max(2, len(node.args))]
    if axis in (0, 1) and not node.kwargs:
        axes = (slice(None),) * axis
        node.target = operator.getitem
        node.args = (source, (*axes, slice(*(limits or [None]))))


def _method(node: Any) -> str | None:
    """Return the name of the method of the first argument that the node calls, or None."""
    schema = getattr(node.target, "_schema", None)
    if schema is None or node.kwargs or not node.args or not isinstance(node.args[0], Node):
        return None
    namespace, _, name = schema.name.partition("::")
    is_known = namespace == "aten" and name.removesuffix("_") in METHODS
    return name if is_known else None
