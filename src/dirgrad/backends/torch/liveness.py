"""What lives at once between the calls of a traced graph: the counterpart of XLA's temporary bytes, and as exact."""

from torch import Tensor
from torch.fx import Graph, Node
from torch.utils import _pytree as pytree

SHARING = ("aten::_unsafe_view",)
"""Views that do not say so."""


def temp_bytes(graph: Graph) -> int:
    """The most bytes of storage that the calls of a graph have made and still need, its results among them, its arguments not.

    A call that returns a view makes nothing, and keeps what it looks at alive. What a single call needs inside is not seen.
    """
    owner = {node: _owner(node) for node in graph.nodes}
    last: dict[Node, Node] = {}
    for node in graph.nodes:
        for used in (node, *node.all_input_nodes):
            last[_root(owner, used)] = node
    ends: dict[Node, list[Node]] = {}
    for made, user in last.items():
        ends.setdefault(user, []).append(made)
    living = most = 0
    for node in graph.nodes:
        living += _bytes(node) if owner[node] is None else 0
        most = max(most, living)
        living -= sum(_bytes(made) for made in ends.get(node, []))
    return most


def _owner(node: Node) -> Node | None:
    """Whose storage a node looks at, None if it has its own."""
    if node.op != "call_function":
        return None
    if getattr(node.target, "__name__", "") == "getitem":
        return node.all_input_nodes[0]
    schema = getattr(node.target, "_schema", None)
    looks = schema is not None and (schema.name in SHARING or any(one.alias_info for one in schema.returns))
    return node.all_input_nodes[0] if looks else None


def _root(owner: dict[Node, Node | None], node: Node) -> Node:
    while (above := owner[node]) is not None:
        node = above
    return node


def _bytes(node: Node) -> int:
    """Of what a call makes; arguments and results of the graph are not made."""
    made = pytree.tree_leaves(node.meta.get("val")) if node.op == "call_function" else []
    return sum(one.numel() * one.element_size() for one in made if isinstance(one, Tensor))
