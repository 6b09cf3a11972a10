"""Lifetimes of the storages in a traced graph.

This module counts the temporary bytes of a graph and lets calls reuse storages in place. XLA does
both for JAX. The two counts of bytes are equally exact.
"""

from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, Node
from torch.utils import _pytree as pytree

UNDECLARED_VIEWS = ("aten::_unsafe_view",)
"""Operators that return a view although their schema does not declare it."""


class Storages:
    """Storage that each node of a graph uses, and the last use of each storage.

    The node that allocated a storage, its root, identifies the storage.

    Attributes:
        owner: Node whose storage a node uses, or None if the node has its own storage.
        views: Nodes that are views when the graph is read.
        last_use: Last node that uses a storage, by the root of the storage.
    """

    def __init__(self, graph: Graph) -> None:
        self.owner = {node: _owner(node) for node in graph.nodes}
        self.views = {node for node, owner in self.owner.items() if owner is not None}
        self.last_use: dict[Node, Node] = {}
        for node in graph.nodes:
            for used in (node, *node.all_input_nodes):
                self.last_use[self.root(used)] = node

    def root(self, node: Node) -> Node:
        """Return the node that allocated the storage that `node` uses."""
        while (owner := self.owner[node]) is not None:
            node = owner
        return node

    def reuse(self, node: Node, root: Node) -> None:
        """Record that `node` writes its result into the storage of `root`."""
        self.owner[node] = root
        self.last_use[root] = self.last_use.pop(node)


def temp_bytes(graph: Graph) -> int:
    """Return the peak number of bytes of all live storages that the graph's calls allocated.

    Results count and arguments do not. A view allocates nothing, but keeps its storage alive.
    Memory that an operator allocates and frees internally is not visible.
    """
    storages = Storages(graph)
    ending: dict[Node, list[Node]] = {}
    for root, last_user in storages.last_use.items():
        ending.setdefault(last_user, []).append(root)
    live = peak = 0
    for node in graph.nodes:
        if storages.owner[node] is None:
            live += _allocated_bytes(node)
        peak = max(peak, live)
        live -= sum(_allocated_bytes(root) for root in ending.get(node, []))
    return peak


def write_over(graph: Graph, consumed: int) -> None:
    """Replace calls by their in-place forms if nothing later reads the overwritten storage.

    The numbers stay equal, and fewer tensors are allocated. Of the graph's arguments, only the
    first `consumed` may be overwritten. Constants of the graph are never overwritten.
    """
    storages = Storages(graph)
    given = {node for node in graph.nodes if node.op in ("placeholder", "get_attr")}
    placeholders = [node for node in graph.nodes if node.op == "placeholder"]
    protected = given - set(placeholders[:consumed])
    for node in graph.nodes:
        in_place = _in_place_form(node)
        target = node.args[0] if node.args else None
        if in_place is None or not isinstance(target, Node) or not _same_layout(target, node):
            continue
        root = storages.root(target)
        is_read_twice = root in _other_roots(storages, node)
        if root in protected or is_read_twice or target in storages.views:
            continue
        if storages.last_use[root] is node:
            node.target = in_place
            storages.reuse(node, root)


def _other_roots(storages: Storages, node: Node) -> list[Node]:
    """Return the roots of all arguments except the first."""
    others = pytree.tree_leaves((node.args[1:], node.kwargs))
    return [storages.root(other) for other in others if isinstance(other, Node)]


def _in_place_form(node: Node) -> Any:
    """Return the operator that overwrites its first argument, or None if there is none."""
    operator = node.target
    if node.op != "call_function" or not isinstance(operator, torch._ops.OpOverload):
        return None
    if _owner(node) is not None:
        return None
    namespace, _, name = operator._schema.name.partition("::")
    library = getattr(torch.ops, namespace)
    packet = getattr(library, f"{name}_", None)
    return getattr(packet, operator._overloadname, None)


def _same_layout(first: Node, second: Node) -> bool:
    """Return whether two results are tensors of equal shape, dtype and strides."""
    first_layout = layout(first)
    return first_layout is not None and first_layout == layout(second)


def layout(node: Node) -> Any:
    """Return the shape, dtype and strides of a result, or None if it is not a tensor."""
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        return None
    return value.shape, value.dtype, value.stride()


def _owner(node: Node) -> Node | None:
    """Return the node whose storage this node uses, or None if it has its own storage."""
    if node.op != "call_function":
        return None
    if getattr(node.target, "__name__", "") == "getitem":
        return node.all_input_nodes[0]
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return None
    for argument in schema.arguments:
        written: Any = node.kwargs.get(argument.name) if argument.is_out else None
        if isinstance(written, Node):
            return written
    is_view = any(result.alias_info for result in schema.returns)
    if is_view or schema.name in UNDECLARED_VIEWS:
        return node.all_input_nodes[0]
    return None


def _allocated_bytes(node: Node) -> int:
    """Return the size of a call's result; arguments and results of the graph count as 0."""
    if node.op != "call_function":
        return 0
    leaves = pytree.tree_leaves(node.meta.get("val"))
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
