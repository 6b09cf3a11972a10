"""Directions that move one group of the parameters, drawn for given probabilities."""

from collections.abc import Callable, Sequence

import numpy as np

from dirgrad.core import tree
from dirgrad.core.directions import ParameterGroup
from dirgrad.core.types import Array, Key, Ops, Params

DRAWN = 2**30
"""Number of integers. One of them is drawn to choose a group."""


def limits(probabilities: np.ndarray) -> np.ndarray:
    """Return the first integer of each group, and the number of integers at the end."""
    limits: np.ndarray = np.round(np.cumsum([0.0, *probabilities]) * DRAWN).astype(np.int64)
    return limits


def draw(
    ops: Ops,
    key: Key,
    like: Params,
    groups: Sequence[ParameterGroup],
    limits: Array,
    lengths: Sequence[Array],
    draw_signs: Callable[[Ops, Key, Params], Params],
) -> Params:
    """Draw outer products of signs in one group, multiplied by the length of this group.

    Args:
        ops: Operations of the framework.
        key: Random key.
        like: Parameters. The direction has their names, shapes, dtype and device.
        groups: The groups of the parameters.
        limits: First integer of each group but the first, of DRAWN integers: (groups - 1,).
        lengths: Factor of the signs in each group: a float or ().
        draw_signs: Draws the signs for all parameters, by a law like `rank_one`.

    Returns:
        A direction, whose leaves are `ChosenArray`.
    """
    index = ops.choose(ops.fold_in(key, 0), limits, DRAWN)
    indicator = ops.one_hot(index, len(groups), tree.first_leaf(like))
    choice = tree.Choice(index, indicator, len(groups))
    signs = draw_signs(ops, key, like)
    direction: Params = {}
    for i, group in enumerate(groups):
        own = {name: signs[name] for name in group.names}
        for name, leaf in tree.scale(lengths[i], own).items():
            direction[name] = tree.ChosenArray(leaf, i, choice)
    return {name: direction[name] for name in like}
