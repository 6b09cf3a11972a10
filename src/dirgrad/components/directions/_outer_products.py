"""Drawing directions that are kept in factors: few entries, cut up and put together anew."""

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from dirgrad.core import tree
from dirgrad.core.types import Array, Params

Shape: TypeAlias = tuple[int, ...]


def drawn(
    entries: Callable[[int], Array],
    like: Params,
    count: Callable[[Shape], int],
    made: Callable[[Array, Shape], tree.OuterProduct],
) -> Params:
    """Of every array of two axes or more what is `made` of `count` entries, of others as many entries as they have. entries: n -> n
    independent ones, which are asked for once."""
    counts = {
        name: count(leaf.shape) if leaf.ndim > 1 else prod(leaf.shape)
        for name, leaf in like.items()
    }
    every, first, found = entries(sum(counts.values())), 0, {}
    for name, leaf in like.items():
        mine = every[first : first + counts[name]]
        first += counts[name]
        found[name] = made(mine, leaf.shape) if leaf.ndim > 1 else mine.reshape(leaf.shape)
    return found


def ends(shape: Shape) -> int:
    """The entries of the two factors of an outer product of this shape."""
    return shape[0] + prod(shape[1:])


def outer(entries: Array, shape: Shape) -> tree.OuterProduct:
    """left right^T from the entries of both."""
    return tree.OuterProduct(entries[: shape[0]], entries[shape[0] :].reshape(shape[1:]))


def outers(entries: Array, shape: Shape, rank: int) -> tree.OuterProduct:
    """The sum of so many outer products, from the entries of all their left factors, then of all their right ones."""
    left, right = entries[: rank * shape[0]], entries[rank * shape[0] :]
    return tree.OuterProduct(left.reshape(rank, shape[0]), right.reshape(rank, *shape[1:]))
