"""Sampling of directions whose weight arrays are stored as outer products."""

from collections.abc import Callable
from math import prod
from typing import TypeAlias

import numpy as np

from dirgrad.core import theory, tree
from dirgrad.core.curvature_noise import Curvature
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


def curvature_noise(
    curvature: Curvature, kurtosis: float, num_products: int, as_matrix: Callable[[Shape], Shape]
) -> float:
    """Return E[(g . v)^2 v^T H v] for weight arrays that are normalized sums of outer products.

    All other arrays have independent entries, and arrays are independent of each other. So the
    result is the value of a Gaussian direction plus a fourth cumulant for each array and its block
    of the Hessian. The cumulant of a sum of r independent products over sqrt(r) is 1/r of the
    cumulant of one product.

    Args:
        curvature: g and H.
        kurtosis: Fourth moment of an entry of a factor, and of an entry of the other arrays.
        num_products: r.
        as_matrix: Shape of a weight array -> lengths (m, n) of its two factors. An array with fewer
            than m n entries is the first part of the product.
    """
    total = theory.gaussian_curvature_noise(curvature)
    for block in curvature.arrays():
        shape = block.gradient[0].shape
        if len(shape) > 1:
            matrix = _fill(block, as_matrix(shape))
            total += theory.fourth_cumulant_of_outer_product(kurtosis, *matrix) / num_products
        else:
            total += (kurtosis - 3) * block.diagonal_term
    return total


def _fill(block: Curvature, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Return g (m, n) and H (m, n, m, n) of one array, with zeros where it has no entries."""
    missing = prod(shape) - len(block.vector)
    gradient = np.pad(block.vector, (0, missing)).reshape(shape)
    hessian = np.pad(block.hessian, (0, missing)).reshape(*shape, *shape)
    return gradient, hessian


def factor_lengths(shape: Shape) -> Shape:
    """Return the numbers of rows and of columns of a weight array."""
    return shape[0], prod(shape[1:])
