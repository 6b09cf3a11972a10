"""Sampling of directions whose weight arrays are stored as outer products."""

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from dirgrad.core import tree
from dirgrad.core.types import Array, Params

Shape: TypeAlias = tuple[int, ...]


def draw_structured(
    draw_entries: Callable[[int], Array],
    like: Params,
    count_entries: Callable[[Shape], int],
    build: Callable[[Array, Shape], tree.OuterProduct],
) -> Params:
    """Draw an outer product for every weight array and independent entries for all others.

    A weight array has at least two axes. All entries come from one draw, split in the order of
    `like`.

    Args:
        draw_entries: n -> n independent entries, (n,). Called once.
        like: Arrays with the shapes of the parameters.
        count_entries: Shape of a weight array -> number of entries that `build` needs for it.
        build: (entries, shape of a weight array) -> its outer product.

    Returns:
        A direction: `OuterProduct` leaves for weight arrays, plain arrays for all others.
    """
    counts = {
        name: count_entries(leaf.shape) if leaf.ndim > 1 else prod(leaf.shape)
        for name, leaf in like.items()
    }
    entries = draw_entries(sum(counts.values()))
    direction: Params = {}
    first = 0
    for name, leaf in like.items():
        part = entries[first : first + counts[name]]
        first += counts[name]
        if leaf.ndim > 1:
            direction[name] = build(part, leaf.shape)
        else:
            direction[name] = part.reshape(leaf.shape)
    return direction


def count_factor_entries(shape: Shape) -> int:
    """Return the total number of entries in the two factors of an outer product."""
    return shape[0] + prod(shape[1:])


def outer_product(entries: Array, shape: Shape) -> tree.OuterProduct:
    """Return left right^T; `entries` holds the left factor, then the right one."""
    left = entries[: shape[0]]
    right = entries[shape[0] :].reshape(shape[1:])
    return tree.OuterProduct(left, right)


def sum_of_outer_products(entries: Array, shape: Shape, rank: int) -> tree.OuterProduct:
    """Return sum_j left_j right_j^T over j = 1 .. rank.

    `entries` holds all left factors, then all right ones.
    """
    left = entries[: rank * shape[0]]
    right = entries[rank * shape[0] :]
    return tree.OuterProduct(left.reshape(rank, shape[0]), right.reshape(rank, *shape[1:]))
