"""What lives at once between the calls of a traced graph, and what may be written over: the counterpart of XLA's temporary
bytes and of its reuse of buffers, and as exact."""

from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, Node
from torch.utils import _pytree as pytree

SHARING = ("aten::_unsafe_view",)
"""Views that do not say so."""


class Storages:
    """Whose storage each node of a graph looks at, and who is the last to look at it."""

    def __init__(self, graph: Graph) -> None:
        self.owner = {node: _owner(node) for node in graph.nodes}
        self.views = {node for node, above in self.owner.items() if above is not None}
        self.last: dict[Node, Node] = {}
        for node in graph.nodes:
            for used in (node, *node.all_input_nodes):
                self.last[self.root(used)] = node

    def root(self, node: Node) -> Node:
        """The node that made the storage."""
        while (above := self.owner[node]) is not None:
            node = above
        return node

    def take(self, node: Node, root: Node) -> None:
        """Let a call write its result where `root` was."""
        self.owner[node] = root
        self.last[root] = self.last.pop(node)


def temp_bytes(graph: Graph) -> int:
    """The most bytes of storage that the calls of a graph have made and still need, its results among them, its arguments not.

    A call that returns a view makes nothing, and keeps what it looks at alive. What a single call needs inside is not seen.
    """
    storages = Storages(graph)
    ends: dict[Node, list[Node]] = {}
    for made, user in storages.last.items():
        ends.setdefault(user, []).append(made)
    living = most = 0
    for node in graph.nodes:
        living += _bytes(node) if storages.owner[node] is None else 0
        most = max(most, living)
        living -= sum(_bytes(made) for made in ends.get(node, []))
    return most


def write_over(graph: Graph, consumed: int) -> None:
    """Let each call that can write over its first argument do so, where nobody looks at that later: the same numbers, without a
    fresh tensor for each. Arguments of the graph stay as they are, but for the first `consumed`."""
    storages = Storages(graph)
    kept = {node for node in graph.nodes if node.op == "placeholder"} - set(
        list(graph.nodes)[:consumed]
    )
    for node in graph.nodes:
        over, form = node.args[0] if node.args else None, _in_place(node)
        if form is None or not isinstance(over, Node) or not _alike(over, node):
            continue
        root = storages.root(over)
        others = [
            storages.root(used)
            for used in pytree.tree_leaves((node.args[1:], node.kwargs))
            if isinstance(used, Node)
        ]
        free = root not in kept and root not in others and over not in storages.views
        if free and storages.last[root] is node:
            node.target = form
            storages.take(node, root)


def _in_place(node: Node) -> Any:
    """The form of a call that writes over its first argument, None if it has none."""
    if (
        node.op != "call_function"
        or not isinstance(node.target, torch._ops.OpOverload)
        or _owner(node) is not None
    ):
        return None
    namespace, _, name = node.target._schema.name.partition("::")
    packet = getattr(getattr(torch.ops, namespace), f"{name}_", None)
    return getattr(packet, node.target._overloadname, None)


def _alike(one: Node, other: Node) -> bool:
    """Whether two results are tensors of one shape, dtype and layout."""
    values = [node.meta.get("val") for node in (one, other)]
    told = [(x.shape, x.dtype, x.stride()) if isinstance(x, Tensor) else None for x in values]
    return told[0] is not None and told[0] == told[1]


def _owner(node: Node) -> Node | None:
    """Whose storage a node looks at, None if it has its own."""
    if node.op != "call_function":
        return None
    if getattr(node.target, "__name__", "") == "getitem":
        return node.all_input_nodes[0]
    schema = getattr(node.target, "_schema", None)
    looks = schema is not None and (
        schema.name in SHARING or any(one.alias_info for one in schema.returns)
    )
    return node.all_input_nodes[0] if looks else None


def _bytes(node: Node) -> int:
    """Of what a call makes; arguments and results of the graph are not made."""
    made = pytree.tree_leaves(node.meta.get("val")) if node.op == "call_function" else []
    return sum(one.numel() * one.element_size() for one in made if isinstance(one, Tensor))
