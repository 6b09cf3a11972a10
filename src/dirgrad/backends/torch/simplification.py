"""Rewriting of a traced graph to fewer calls; the results stay bitwise equal.

A call takes one to three microseconds, even on a scalar. Traces of forward mode contain many calls
that return an argument, multiply by one, or compute the same constant in every step.
"""

import operator
from typing import Any

import torch
from torch import Tensor
from torch.fx import Node
from torch.utils import _pytree as pytree

from dirgrad.backends.torch.liveness import Storages, layout

aten = torch.ops.aten
VIEWS = (
    aten.alias.default,
    aten.detach.default,
    aten.view.default,
    aten.expand.default,
    aten.slice.Tensor,
)
"""Operators that return their first argument if its layout stays the same."""
SHAPED = (aten.ones_like.default, aten.zeros_like.default, aten.new_zeros.default)
"""Operators whose result depends only on the shape and the dtype of their first argument."""
PRODUCTS = (aten.mm.default, aten.mv.default, aten.bmm.default, aten.addmm.default)
"""Products, which each call computes. So the count of products does not change."""
LARGEST_CONSTANT = 1024
"""Largest number of entries of a constant that is kept. A larger one is computed in every call."""
FEWEST_PARTS = 3
"""Smallest number of slices that one call of `split_with_sizes` replaces."""


def simplify(module: Any) -> None:
    """Remove calls without an effect, compute constants once, and cut arrays in one call.

    No result changes, and the graph stays without calls that overwrite an argument, except those
    that it already has.
    """
    graph = module.graph
    _remove_copied_tangents(graph)
    mutated = _mutated_roots(graph)
    _remove_identities(graph, mutated)
    _fold_constants(module, mutated)
    _remove_factors_of_one(module, mutated)
    _merge_slices(graph)
    _split_at_once(graph)
    graph.eliminate_dead_code()
    graph.lint()


def _replace(node: Any, value: Node) -> None:
    node.replace_all_uses_with(value)
    node.graph.erase_node(node)


def _mutated_roots(graph: Any) -> set[Any]:
    """Return the roots of the storages that a call overwrites."""
    storages = Storages(graph)
    return {storages.root(target) for target in map(_overwritten, graph.nodes) if target}


def _overwritten(node: Any) -> Any:
    schema = getattr(node.target, "_schema", None)
    is_mutable = schema is not None and schema.is_mutable
    return node.args[0] if is_mutable and isinstance(node.args[0], Node) else None


def _remove_copied_tangents(graph: Any) -> None:
    """Replace the copy of a tangent in the layout of its primal by the tangent.

    Forward mode makes such a copy if the tangent is a view, such as a part of a direction.
    """
    for node in list(graph.nodes):
        if node.target is not aten.copy_.default:
            continue
        target, source = node.args[:2]
        is_new = target.target is aten._new_zeros_with_same_feature_meta.default
        if is_new and len(target.users) == 1 and layout(node) == layout(source):
            _replace(node, source)
            graph.erase_node(target)


def _remove_identities(graph: Any, mutated: set[Any]) -> None:
    storages = Storages(graph)
    for node in list(graph.nodes):
        if node.target not in VIEWS or storages.root(node) in mutated:
            continue
        if layout(node) == layout(node.args[0]):
            _replace(node, node.args[0])


def _fold_constants(module: Any, mutated: set[Any]) -> None:
    """Compute once each small array that depends on no argument of the graph."""
    values: dict[Any, Tensor] = {}
    for node in list(module.graph.nodes):
        if node.op == "get_attr":
            values[node] = getattr(module, node.target)
        elif _is_constant(node, values) and node not in mutated:
            args, kwargs = pytree.tree_map(_value_from(values), (node.args, node.kwargs))
            value = node.target(*args, **kwargs)
            values[_store(module, node, value)] = value


def _value_from(values: dict[Any, Tensor]) -> Any:
    def value(leaf: Any) -> Any:
        if not isinstance(leaf, Node):
            return leaf
        return values[leaf] if leaf in values else _empty(leaf.meta["val"])

    return value


def _empty(x: Tensor) -> Tensor:
    return torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device=x.device)


def _is_constant(node: Any, values: dict[Any, Tensor]) -> bool:
    result = node.meta.get("val")
    if node.op != "call_function" or not isinstance(result, Tensor):
        return False
    is_pure = getattr(node.target, "namespace", "") == "aten" and _overwritten(node) is None
    is_small = result.numel() <= LARGEST_CONSTANT
    is_product = node.target in PRODUCTS
    is_result = any(user.op == "output" for user in node.users)
    if not is_pure or not is_small or is_result or is_product:
        return False
    if node.target in SHAPED:
        return True
    is_random = torch.Tag.nondeterministic_seeded in node.target.tags
    return not is_random and all(used in values for used in node.all_input_nodes)


def _store(module: Any, node: Any, value: Tensor) -> Any:
    """Replace a node by an attribute of the module."""
    name = f"constant_{node.name}"
    module.register_buffer(name, value, persistent=False)
    with module.graph.inserting_before(node):
        constant = module.graph.get_attr(name)
    constant.meta["val"] = node.meta["val"]
    _replace(node, constant)
    return constant


def _remove_factors_of_one(module: Any, mutated: set[Any]) -> None:
    storages = Storages(module.graph)
    for node in list(module.graph.nodes):
        if node.target is not aten.mul.Tensor or storages.root(node) in mutated:
            continue
        for factor, other in (node.args, node.args[::-1]):
            same = isinstance(other, Node) and layout(other) == layout(node)
            if same and storages.root(other) not in mutated and _is_one(module, factor):
                _replace(node, other)
                break


def _is_one(module: Any, factor: Any) -> bool:
    if not isinstance(factor, Node):
        return bool(factor == 1)
    if factor.op != "get_attr":
        return False
    value = getattr(module, str(factor.target))
    return value.numel() == 1 and bool(value == 1)


def _range(node: Any) -> tuple[Any, int, int, int] | None:
    """Return (source, axis, first, length) of a slice without gaps, or None for other nodes."""
    if node.target is not aten.slice.Tensor or len(node.args) > 4:
        return None
    source, axis, first = (*node.args, 0, 0)[:3] if len(node.args) < 3 else node.args[:3]
    if first is None or first < 0:
        return None
    return source, axis, first, node.meta["val"].shape[axis]


def _merge_slices(graph: Any) -> None:
    """Take a slice of a slice from the source."""
    for node in graph.nodes:
        outer = _range(node)
        inner = _range(outer[0]) if outer else None
        if outer and inner and inner[1] == outer[1]:
            source, axis, first, _ = inner
            first += outer[2]
            node.args = (source, axis, first, first + outer[3])


def _split_at_once(graph: Any) -> None:
    """Replace slices that together make up their source by one call."""
    slices: dict[tuple[Any, int], list[tuple[int, int, Any]]] = {}
    for node in graph.nodes:
        if (part := _range(node)) and node.users:
            source, axis, first, length = part
            slices.setdefault((source, axis), []).append((first, length, node))
    for (source, axis), parts in slices.items():
        parts.sort(key=lambda part: part[:2])
        lengths = [length for _, length, _ in parts]
        starts = [sum(lengths[:i]) for i in range(len(parts))]
        is_whole = sum(lengths) == source.meta["val"].shape[axis]
        if len(parts) >= FEWEST_PARTS and is_whole and starts == [part[0] for part in parts]:
            _split(graph, source, axis, [node for _, _, node in parts], lengths)


def _split(graph: Any, source: Any, axis: int, parts: list[Any], lengths: list[int]) -> None:
    with graph.inserting_after(source):
        split = graph.call_function(aten.split_with_sizes.default, (source, lengths, axis))
    split.meta["val"] = [part.meta["val"] for part in parts]
    last = split
    for i, part in enumerate(parts):
        with graph.inserting_after(last):
            last = graph.call_function(operator.getitem, (split, i))
        last.meta["val"] = part.meta["val"]
        _replace(part, last)
